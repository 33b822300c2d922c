"""A server of this run: started with a data directory of its own, ended by its process id."""
import os
import subprocess
import time
from pathlib import Path


class Server:
    """`holdfast serve` on ports that are free, until `stop`."""

    def __init__(self, home: Path) -> None:
        self.data = home / "data"
        out, log = home / "ready", home / "log"
        command = [os.environ["HOLDFAST_BIN"], "serve", "--data-dir", str(self.data)]
        with out.open("wb") as stdout, log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*command, "--nfs-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"], stdout=stdout, stderr=stderr
            )
        deadline = time.monotonic() + 30
        while not out.read_text().startswith("ready "):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            time.sleep(0.05)
        self.address = dict(part.split("=") for part in out.read_text().split()[1:])["http"]
        self.url = f"http://{self.address}"
        self.api_key = (self.data / "api-key").read_text().strip()
        self.admin_key = (self.data / "admin-key").read_text().strip()

    @property
    def environment(self) -> "dict[str, str]":
        """The environment of a client."""
        mine = {"HOLDFAST_URL": self.url, "HOLDFAST_API_KEY": self.api_key, "HOLDFAST_ADMIN_KEY": self.admin_key}
        return {**os.environ, **mine}

    def stop(self) -> None:
        """Ends the server and waits for its end."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
