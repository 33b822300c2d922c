"""A guest of tests/guest, as the tests use it.

Owns: one running guest.  Commands run as the ordinary user `user` unless the
test says otherwise; one that fails raises with its output.  `close` cuts the
guest's power, so a hung mount cannot hold a test run.
"""
import os
import subprocess
import time
from dataclasses import dataclass

import contract

TOOL = os.path.join(contract.ROOT, "tests/guest/guest")
PROGRAMS = os.path.join(contract.ROOT, "tests/e2e/programs")
GUEST_PROGRAMS = "/opt/programs"
USER, SUPERUSER = "1000:1000", "0:0"
SLACK_S = 15            # for the tool itself, over the command's own time


@dataclass
class Mount:
    """A filesystem mounted in a guest, or a folder of it."""
    guest: "Guest"
    path: str

    def __str__(self):
        return self.path


class Guest:
    def __init__(self, name, mem_mib=1024, portmap_port=None):
        """`portmap_port`: the server's portmapper, for mounts with locks."""
        self.name = f"{name}-{os.getpid()}"
        rpcbind = [] if portmap_port is None else ["--rpcbind", f"127.0.0.1:{portmap_port}"]
        self.tool("start", self.name, "--quiet", "--mem", str(mem_mib), *rpcbind, timeout_s=120)
        self.tool("push", self.name, PROGRAMS, "/opt")

    @staticmethod
    def tool(*words, timeout_s=60, check=True):
        got = subprocess.run([TOOL, *words], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=timeout_s + SLACK_S)
        got.stdout = got.stdout.decode(errors="replace")
        got.stderr = got.stderr.decode(errors="replace")
        if check and got.returncode:
            raise AssertionError(f"{' '.join(words)}: status {got.returncode}\n"
                                 f"{got.stdout[-2000:]}\n{got.stderr[-3000:]}")
        return got

    def close(self):
        self.tool("stop", self.name, "--kill", check=False)

    def pause(self):
        """Stops the machine as it stands, until `resume`."""
        self.tool("pause", self.name)

    def resume(self):
        self.tool("resume", self.name)

    # Commands.

    def run(self, *argv, user=USER, cwd="/", timeout_s=60, check=True):
        """Runs a command: the finished process, outputs as text."""
        home = "/root" if user == SUPERUSER else "/home/user"
        return self.tool("exec", self.name, "-n", "--user", user, "--cwd", str(cwd), "-e", f"HOME={home}",
                         "--timeout", str(timeout_s), "--", *map(str, argv), timeout_s=timeout_s, check=check)

    def sh(self, script, **options):
        """Runs a shell script that stops at its first failure: its output."""
        return self.run("bash", "-euo", "pipefail", "-c", script, **options).stdout

    def program(self, name, *words, **options):
        """Runs a Python program of tests/e2e/programs: its output."""
        return self.run("python3", f"{GUEST_PROGRAMS}/{name}", *words, **options).stdout

    def start_program(self, name, *words, log, user=USER):
        """Starts one that goes on by itself, its output in a file of the guest."""
        self.tool("exec", self.name, "-n", "--user", user, "--detach", log, "-e", "PYTHONUNBUFFERED=1", "--",
                  "python3", f"{GUEST_PROGRAMS}/{name}", *map(str, words))

    def wait_for(self, condition, timeout_s, what):
        """Polls a shell condition."""
        end = time.monotonic() + timeout_s
        while self.run("sh", "-c", condition, check=False).returncode:
            assert time.monotonic() < end, f"not within {timeout_s} s: {what}"
            time.sleep(0.3)

    def push(self, host_path, guest_dir):
        self.tool("push", self.name, str(host_path), guest_dir)

    def drop_caches(self):
        self.sh("sync; echo 3 > /proc/sys/vm/drop_caches", user=SUPERUSER, timeout_s=120)

    # Mounts.

    def mount(self, server, filesystem, point=None, options=contract.MOUNT_OPTIONS):
        point = point or f"/mnt/{filesystem.name}"
        options = f"{options},mountport={server.mount_port}"
        self.tool("mount", self.name, f"{server.nfs_port}:{filesystem.export}:{point}:{options}", timeout_s=90)
        return Mount(self, point)

    def folder(self, mount, name):
        """A new folder of the mount that belongs to the ordinary user."""
        path = f"{mount}/{name}"
        self.run("mkdir", path)
        return path
