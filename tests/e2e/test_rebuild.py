"""The node's disk is lost under a client that writes; the object store is not.

A kernel guest writes with fsync; the server is killed, its whole data directory is
deleted, and it starts on the store alone, on the same ports. The client's mount goes
on. In class `object` nothing whose fsync returned is missing. In class `local` with
the journal shipped, nothing older than the window that the metric told is.
"""
import os
import shutil
import time

import pytest

import contract
from harness.api import Api
from harness.guest import SUPERUSER
from harness.promises import Promises
from harness.server import Server

ROUNDS = 3
STOP = "/tmp/stop"

pytestmark = pytest.mark.holdfast


class StoreOutside(Server):
    """A server that ships, whose store is not in its data directory."""

    def __init__(self, folder):
        store = f"file://{os.path.join(folder, 'store')}"
        super().__init__(folder, store=store, environment={"HOLDFAST_SHIP": "on"})

    def lose_data_dir(self):
        self.kill()
        shutil.rmtree(self.data_dir)
        self.start()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rebuild")
    made = StoreOutside(str(folder))
    try:
        yield made.start()
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def filesystem(server):
    made = server.create_filesystem("rebuild")
    server.api.json("PATCH", f"{contract.FILESYSTEMS}/{made.id}", {"durability": "object"})
    return made


def test_class_object_loses_nothing_acknowledged(server, guest, filesystem, mount):
    first_key = server.api.key
    folder = guest.folder(mount, "w")
    # A name change whose reply the kill swallowed is sent again and finds itself done already.
    guest.start_program("fsync_writer.py", folder, "/tmp/w.log", STOP, "lenient", log="/tmp/w.out")
    lines = "cat /tmp/w.log | wc -l"
    for _ in range(ROUNDS):
        before = int(guest.sh(lines))
        guest.wait_for(f"[ $({lines}) -gt {before + 20} ]", 90, "the writer goes on")
        server.lose_data_dir()
    guest.sh(f"touch {STOP}", user=SUPERUSER)
    guest.wait_for("grep -q -e ^end -e ^error /tmp/w.log", 90, "the writer ends")
    made = Promises(guest.sh("cat /tmp/w.log"))
    assert made.ended and not made.errors, f"{made.errors}: {guest.sh('cat /tmp/w.out')}"
    guest.drop_caches()
    found = guest.sh("find . -maxdepth 1 -type f -print0 | xargs -0 sha256sum", cwd=folder, timeout_s=120)
    digests = {line[66:].removeprefix("./"): line[:64] for line in found.splitlines()}
    made.check(guest.sh("ls -A", cwd=folder).split(), digests)
    # The keys came back as hashes: one that was given out opens what it did.
    assert server.api.key != first_key
    assert Api(server.http_port, first_key).usage(filesystem)["usedInodes"] > 1


def window_seconds(api):
    text = api.request("GET", contract.METRICS)[2].decode()
    return max(float(line.split()[-1]) for line in text.splitlines()
               if line.startswith("holdfast_unshipped_seconds"))


def test_class_local_loses_no_more_than_the_window(server):
    filesystem = server.create_filesystem("window")
    written = {}
    for number in range(60):
        server.api.write(filesystem, f"f{number}", b"%d" % number)
        written[f"f{number}"] = time.monotonic()
        time.sleep(0.05)
    # The gauge is set once a second: what it tells is the age at most that much earlier.
    window = window_seconds(server.api) + 1
    asked = time.monotonic()
    server.lose_data_dir()
    found = server.api.list(filesystem, "/")
    missing = [name for name in written if name not in found]
    assert all(written[name] >= asked - window for name in missing), (window, missing)
    assert len(missing) < len(written)
