"""A server process: started, killed and ended by its id, with its stderr kept.

Owns: one child process at a time and the log file that all its lives append to.
A child that is still there when the owner is collected is a bug of the test;
`reap` ends it.
"""
import os
import re
import signal
import subprocess
import threading


class Process:
    def __init__(self, log_path):
        self.log_path = str(log_path)
        self.child = None

    def spawn(self, argv, environment=None):
        """`environment` is added to this process's own."""
        assert not self.running(), "the process runs already"
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=log, text=True,
                                          env={**os.environ, **(environment or {})})

    def first_line(self, timeout_s):
        """The first line of stdout, or '' where the process ended or was silent;
        what follows is read and dropped."""
        return self.line_with("", timeout_s)

    def line_with(self, pattern, timeout_s):
        """The same for the first line that holds a regular expression."""
        box = []
        stdout = self.child.stdout

        def read():
            for line in stdout:
                if not box and re.search(pattern, line):
                    box.append(line)
            if not box:
                box.append("")
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        deadline = threading.Event()
        for _ in range(int(timeout_s / 0.01)):
            if box:
                return box[0]
            deadline.wait(0.01)
        return ""

    def running(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """kill -9."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def terminate(self, timeout_s):
        """SIGTERM: the exit code.  A process that does not end is killed, and fails."""
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end within {timeout_s} s of SIGTERM; log: {self.log_tail()}") from None

    def reap(self):
        if self.running():
            self.kill()

    def rss_bytes(self):
        with open(f"/proc/{self.child.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def log(self):
        try:
            with open(self.log_path, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, chars=2000):
        return self.log()[-chars:]
