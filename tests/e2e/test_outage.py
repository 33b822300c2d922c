"""The object store fails under two clients that write: the server stays, what is
cached is read, nothing acknowledged is lost, and it goes on by itself.

HOLDFAST_OUTAGE_SECONDS is how long the store is down: 12, and 60 for the whole
promise.
"""
import hashlib
import os
import threading
import time

import pytest

from harness.api import HttpError
from harness.server import Server
from harness.stores import GoogleStore
from test_crash import check_in_mount, start_writers, stop_writers, wait_for_work

OUTAGE_S = float(os.environ.get("HOLDFAST_OUTAGE_SECONDS", "12"))
RECOVERY_S = 45
SMALL = 60_000                  # bytes of an upload that stays in memory until a checkpoint

pytestmark = pytest.mark.holdfast


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = GoogleStore(str(tmp_path_factory.mktemp("google")))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def server(store, tmp_path_factory, request):
    """In the place of conftest's: on a store that can fail."""
    folder = str(tmp_path_factory.mktemp("server"))
    made = Server(folder, store=store.store("outage"), environment=store.environment())
    failed_before = request.session.testsfailed
    try:
        yield made.start()
    finally:
        if request.session.testsfailed > failed_before:
            print(f"\nserver log:\n{made.process.log_tail(6000)}")
        made.close()


class Uploader:
    """The second client: uploads over HTTP, one after another, as long as it is let."""

    def __init__(self, api, filesystem):
        self.api, self.filesystem = api, filesystem
        self.taken, self.refused, self.slowest_s = {}, 0, 0.0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stop.is_set():
            name = f"uploads/{len(self.taken):06d}"
            data = hashlib.sha256(name.encode()).digest() * (SMALL // 32)
            begun = time.monotonic()
            try:
                self.api.write(self.filesystem, name, data)
                self.taken[name] = data
            except HttpError as error:
                assert error.status == 503, error
                self.refused += 1
                time.sleep(1)
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)

    def end(self):
        self.stop.set()
        self.thread.join(90)
        assert not self.thread.is_alive(), "an upload hangs"


def readiness(api):
    status, _, body = api.request("GET", "/readyz", expect=(200, 503))
    return status, body.decode()


def wait_until_ready(api):
    end = time.monotonic() + RECOVERY_S
    while readiness(api)[0] != 200:
        assert time.monotonic() < end, f"not ready {RECOVERY_S} s after the store is back: {readiness(api)}"
        time.sleep(0.5)


def test_outage_under_load(server, store, guest, filesystem, mount):
    api, pid = server.api, server.process.child.pid
    guest.sh(f"echo cached > {mount}/cached")
    start_writers(guest, mount, lenient=True)
    wait_for_work(guest)
    uploader = Uploader(api, filesystem)
    store.fail("error", status=503)
    down, seen = time.monotonic(), ""
    while time.monotonic() < down + OUTAGE_S:
        assert api.read(filesystem, "cached") == b"cached\n"
        status, body = readiness(api)
        seen = body if status == 503 else seen
        time.sleep(0.5)
    assert "object store" in seen, "the outage did not show in /readyz"
    assert api.metric("holdfast_store_circuit_state") > 0
    before = store.requests()
    store.mend()
    wait_until_ready(api)
    # Left alone while it was down: far fewer requests than seconds times clients.
    assert sum(before.values()) < 2000, before
    wait_for_work(guest)
    uploader.end()
    promises = stop_writers(guest)
    assert server.process.running() and server.process.child.pid == pid, "the server did not stay"
    assert uploader.slowest_s < 60, f"an upload took {uploader.slowest_s:.0f} s"
    check_in_mount(guest, mount, promises)
    for name, data in uploader.taken.items():
        assert api.read(filesystem, name) == data, name
    # And all of it is in the bucket.
    server.terminate()
    server.lose_disk()
    server.start()
    check_in_mount(guest, mount, promises)
    for name in list(uploader.taken)[::17]:
        assert api.read(filesystem, name) == uploader.taken[name], name


def test_a_silent_store_hangs_nobody(server, store, filesystem):
    """The store takes connections and never answers: requests end all the same."""
    api = server.api
    api.write(filesystem, "before", b"before")
    store.fail("hang")
    begun = time.monotonic()
    api.write(filesystem, "during", b"during")
    assert api.read(filesystem, "before") == b"before"
    assert time.monotonic() - begun < 10
    try:
        api.create_filesystem("cannot", 1)
    except HttpError as error:
        assert error.status in (503, 504), error
    assert time.monotonic() - begun < 75
    store.mend()
    wait_until_ready(api)
    assert api.read(filesystem, "during") == b"during"
