"""Holdfast under test: one data directory, any number of lives of the process.

Owns: the process and its ports.  The first start takes free ports, every later
one the same, as a server in production does; so mounts go on by themselves.
`close` kills what still runs.
Does not: hide a failed start: it raises with the end of the log.
"""
import json
import os
import shutil
from dataclasses import dataclass

import contract
from harness.api import Api
from harness.process import Process


@dataclass
class Filesystem:
    """One filesystem as the tests address it."""
    id: str
    name: str
    size_bytes: int
    export: str


class Server:
    is_holdfast = True

    def __init__(self, folder, portmapper=False, store=None, environment=None):
        """`store` and `environment` are for a store outside the data directory; see harness.stores."""
        self.portmap_port = 0 if portmapper else None
        self.store, self.environment = store, environment
        self.data_dir = os.path.join(folder, "data")
        self.process = Process(os.path.join(folder, "server.log"))
        self.nfs_port = self.http_port = 0
        self.api = None

    @property
    def mount_port(self):
        return self.nfs_port

    def start(self):
        ports = (self.nfs_port, self.http_port, self.portmap_port)
        self.process.spawn(contract.serve_command(self.data_dir, *ports, self.store), self.environment)
        line = self.process.first_line(contract.READY_TIMEOUT_S)
        ready = contract.READY.match(line)
        if not ready:
            self.process.reap()
            raise AssertionError(f"no ready line but {line!r}; log: {self.process.log_tail()}")
        self.nfs_port, self.http_port = int(ready["nfs"]), int(ready["http"])
        if self.portmap_port is not None:
            with open(os.path.join(self.data_dir, contract.ADDRESSES_FILE)) as file:
                self.portmap_port = int(json.load(file)["portmap"].rpartition(":")[2])
        with open(os.path.join(self.data_dir, contract.API_KEY_FILE)) as file:
            self.api = Api(self.http_port, file.read().strip())
        return self

    def kill(self):
        self.process.kill()

    def terminate(self):
        code = self.process.terminate(contract.DRAIN_TIMEOUT_S)
        assert code == 0, f"exit code {code} after SIGTERM; log: {self.process.log_tail()}"

    def restart(self):
        """kill -9 and start again on the same ports."""
        self.kill()
        self.start()

    def close(self):
        self.process.reap()

    def create_filesystem(self, name):
        made = self.api.create_filesystem(name, contract.SIZE_GB)
        return Filesystem(made["id"], made["name"], made["sizeBytes"], "/" + made["id"])

    def lose_journal(self):
        """What the loss of the local disk does; only while the process is down."""
        assert not self.process.running()
        shutil.rmtree(os.path.join(self.data_dir, contract.JOURNAL_DIR))

    def lose_disk(self):
        """What a new machine does: all that is local goes but the catalogue and the keys to it."""
        assert not self.process.running() and self.store
        for name in os.listdir(self.data_dir):
            if name.startswith(contract.CATALOGUE_FILE) or name in contract.KEY_FILES:
                continue
            path = os.path.join(self.data_dir, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def count_store_files(self):
        store = os.path.join(self.data_dir, contract.STORE_DIR)
        return sum(len(files) for _, _, files in os.walk(store))
