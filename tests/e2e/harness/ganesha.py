"""nfs-ganesha in the place of Holdfast, to prove the harness itself.

Offers the part of `Server` that has nothing to do with HTTP.  A filesystem is a
directory of the one export.  Its processes are kept by bench/peers/ganesha.
"""
import os
import socket
import subprocess

import contract
from harness.server import Filesystem

TOOL = os.path.join(contract.ROOT, "bench/peers/ganesha")


def free_port_pair():
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue


class PeerProcess:
    """The part of Process that reads: the tool owns the process."""

    def __init__(self, server):
        self.server = server

    def pid(self):
        with open(f"{self.server.export_dir}.ganesha/pid") as file:
            return int(file.read())

    def running(self):
        try:
            with open(f"/proc/{self.pid()}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def rss_bytes(self):
        with open(f"/proc/{self.pid()}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self):
        with open(f"{self.server.export_dir}.ganesha/log", errors="replace") as file:
            return file.read()

    def log_tail(self, chars=2000):
        return self.log()[-chars:]


class Ganesha:
    is_holdfast = False

    def __init__(self, folder):
        self.export_dir = os.path.join(folder, "export")
        self.nfs_port = free_port_pair()
        self.process = PeerProcess(self)

    @property
    def mount_port(self):
        return self.nfs_port + 1

    def tool(self, verb, *more):
        got = subprocess.run([TOOL, verb, self.export_dir, *more], capture_output=True, text=True)
        assert got.returncode == 0, got.stderr
        return got.stdout

    def start(self):
        line = self.tool("start", str(self.nfs_port))
        assert line.startswith("ready "), line
        return self

    def kill(self):
        self.tool("kill")

    def terminate(self):
        self.tool("stop")

    def restart(self):
        self.kill()
        self.start()

    def close(self):
        if os.path.isdir(self.export_dir):
            self.kill()

    def create_filesystem(self, name):
        folder = os.path.join(self.export_dir, name)
        os.mkdir(folder)
        os.chmod(folder, 0o1777)
        info = os.statvfs(folder)
        return Filesystem(name, name, info.f_blocks * info.f_frsize, f"/bench/{name}")
