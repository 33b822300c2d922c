"""Object stores on this machine, each as a process that speaks its vendor's protocol.

A store gives what a server needs to use it: the URL for --store and environment
variables.  Its bytes live as long as its process, whatever servers come and go.
Only Google's can fail on command; see tests/gcs-server.
"""
import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import urllib.parse

import contract
from harness.process import Process

BUCKET = "holdfast"
PROGRAMS = os.path.dirname(contract.BINARY)
READY_TIMEOUT_S = 30


class StoreProcess:
    """One server process, and the address that its first line tells."""

    def __init__(self, folder, name, argv, ready):
        self.process = Process(os.path.join(folder, f"{name}.log"))
        self.process.spawn(argv)
        found = re.search(ready, self.process.line_with(ready, READY_TIMEOUT_S))
        if not found:
            self.process.reap()
            raise AssertionError(f"{argv[0]} did not start: {self.process.log_tail()}")
        self.url = found["url"]

    def close(self):
        self.process.reap()

    def request(self, method, path, body=b"", headers=None):
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {data[:500]!r}"
        return data


def program(name):
    path = os.path.join(PROGRAMS, name)
    assert os.access(path, os.X_OK), f"{path} is missing: build it with `make emulators`"
    return path


class GoogleStore(StoreProcess):
    def __init__(self, folder):
        argv = [program("holdfast-gcs-server"), "127.0.0.1:0", BUCKET]
        super().__init__(folder, "google", argv, r"^ready (?P<url>\S+)")

    def store(self, prefix):
        return f"gs://{BUCKET}/{prefix}"

    def environment(self):
        return {"STORAGE_EMULATOR_HOST": self.url}

    def fail(self, kind, **options):
        """From now on, as tests/gcs-server/src/faults.rs describes."""
        body = json.dumps({"kind": kind, **options})
        self.request("POST", "/_control/faults", body, {"Content-Type": "application/json"})

    def mend(self):
        self.request("DELETE", "/_control/faults")

    def requests(self):
        """Requests so far, by kind."""
        return json.loads(self.request("GET", "/_control/requests"))


class AmazonStore(StoreProcess):
    def __init__(self, folder):
        self.root = os.path.join(folder, "s3")
        os.mkdir(self.root)
        argv = [program("s3-server"), "127.0.0.1:0", self.root, BUCKET]
        super().__init__(folder, "amazon", argv, r"^ready (?P<url>\S+)")

    def store(self, prefix):
        return f"s3://{BUCKET}/{prefix}"

    def environment(self):
        return {"AWS_ENDPOINT": self.url, "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "holdfast", "AWS_SECRET_ACCESS_KEY": "holdfast-secret"}

    def close(self):
        super().close()
        shutil.rmtree(self.root, ignore_errors=True)


class AzureStore(StoreProcess):
    """Azurite, which `tests/stores/setup` installs, with its well-known account."""
    ACCOUNT = "devstoreaccount1"
    KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    VERSION = "2021-08-06"
    MAIN = os.path.join(contract.ROOT, "target/azurite/node_modules/azurite/dist/src/blob/main.js")

    def __init__(self, folder):
        assert os.path.exists(self.MAIN), "Azurite is missing: run tests/stores/setup"
        argv = ["node", self.MAIN, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence",
                "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        super().__init__(folder, "azure", argv, r"successfully listens on (?P<url>\S+)")
        self.make_container()

    def store(self, prefix):
        return f"az://{BUCKET}/{prefix}"

    def environment(self):
        return {"AZURE_STORAGE_USE_EMULATOR": "true", "AZURITE_BLOB_STORAGE_URL": self.url}

    def make_container(self):
        date = email.utils.formatdate(usegmt=True)
        headers = f"x-ms-date:{date}\nx-ms-version:{self.VERSION}"
        resource = f"/{self.ACCOUNT}/{self.ACCOUNT}/{BUCKET}\nrestype:container"
        to_sign = "PUT" + "\n" * 11 + f"\n{headers}\n{resource}"
        digest = hmac.new(base64.b64decode(self.KEY), to_sign.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        self.request("PUT", f"/{self.ACCOUNT}/{BUCKET}?restype=container", headers={
            "x-ms-date": date, "x-ms-version": self.VERSION, "Content-Length": "0",
            "Authorization": f"SharedKey {self.ACCOUNT}:{signature}"})


STORES = {"google": GoogleStore, "amazon": AmazonStore, "azure": AzureStore}
