"""The record of a guest: what the host knows about one running machine.

Owns: the state directory (HOLDFAST_GUEST_STATE), one folder a guest with
`guest.json`, its console and relay logs and sockets; names and client numbers.
The record is replaced in one step, so a reader never sees half of it.  A guest
that died keeps its record until it is stopped or started again; its logs stay
after the stop, under `ended.json`.
Does not: start or end anything.
"""
import contextlib
import fcntl
import json
import os
import shutil

HOME = os.environ.get("HOLDFAST_GUEST_HOME", "/var/cache/holdfast-guest")
STATE = os.environ.get("HOLDFAST_GUEST_STATE", "/tmp/holdfast-guest")
MAX_GUESTS = 200
KEPT_LOGS = 20


class Fail(Exception):
    """Something the person at the command line has to know; no traceback."""


class Record:
    """Fields of `guest.json`; every one has a value from the first moment."""

    FIELDS = {
        "backend": "uml",
        "index": 0,             # client number N: the server sees 127.0.0.(10+N)
        "pid": 0,               # the machine's own process
        "relay_pid": 0,
        "netns": "",
        "gateway": "10.99.0.1",
        "address": "10.99.0.2",
        "source": "",
        "server": "127.0.0.1",
        "rpcbind": "127.0.0.1:111",
        "forwards": [],         # [guest-side port, server host, server port]
        "mem_mib": 0,
        "mount_timeout_s": 60,
        "started": 0.0,         # seconds since the epoch
        "paused": None,         # the same, while it is
    }

    def __init__(self, name, **fields):
        self.name, self.dir = name, f"{STATE}/{name}"
        for field, default in self.FIELDS.items():
            value = fields.get(field, default)
            setattr(self, field, list(value) if isinstance(value, list) else value)

    @classmethod
    def load(cls, name):
        try:
            with open(f"{STATE}/{name}/guest.json") as file:
                return cls(name, **json.load(file))
        except FileNotFoundError:
            raise Fail(f"no guest {name!r} (guest list shows them)") from None

    def save(self):
        new = self.path("guest.json.new")
        with open(new, "w") as file:
            json.dump({field: getattr(self, field) for field in self.FIELDS}, file)
        os.replace(new, self.path("guest.json"))

    def retire(self):
        if os.path.exists(self.path("guest.json")):
            os.rename(self.path("guest.json"), self.path("ended.json"))

    def path(self, leaf):
        return f"{self.dir}/{leaf}"

    def alive(self):
        return is_alive(self.pid)


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    if not pid:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def names():
    if not os.path.isdir(STATE):
        return []
    return sorted(n for n in os.listdir(STATE) if os.path.exists(f"{STATE}/{n}/guest.json"))


@contextlib.contextmanager
def allocation_lock():
    """Held while a name and a client number are taken."""
    os.makedirs(STATE, exist_ok=True)
    with open(f"{STATE}/.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def allocate(name, **fields):
    """A fresh record with the lowest free client number.  Under allocation_lock."""
    taken = {Record.load(n).index for n in names() if n != name}
    index = next((i for i in range(1, MAX_GUESTS) if i not in taken), None)
    if index is None:
        raise Fail(f"{MAX_GUESTS - 1} guests are recorded in {STATE} already")
    record = Record(name, index=index, netns=f"hf-{name}", source=f"127.0.0.{10 + index}", **fields)
    shutil.rmtree(record.dir, ignore_errors=True)
    os.makedirs(record.dir)
    record.save()
    return record


def forget_old_logs():
    """Keeps the logs of the last few `guest run`."""
    ended = [d for d in (f"{STATE}/{n}" for n in os.listdir(STATE) if n.startswith("run"))
             if os.path.exists(f"{d}/ended.json")]
    for folder in sorted(ended, key=os.path.getmtime)[:-KEPT_LOGS]:
        shutil.rmtree(folder, ignore_errors=True)
