"""Fixtures.  A test module has one server and one guest of its own, so that what
one does to them is not seen by another; a test has a filesystem or folder of its
own.  HOLDFAST_E2E_PEER=ganesha puts nfs-ganesha in the server's place: tests
marked `holdfast` are skipped then.
"""
import os
import re
import shutil
import signal

import pytest

from harness.ganesha import Ganesha
from harness.guest import Guest
from harness.server import Server

PEER = os.environ.get("HOLDFAST_E2E_PEER", "")


def interrupt(*_):
    raise KeyboardInterrupt


def pytest_configure():
    """A run that is told to end ends as with Ctrl-C: its fixtures clean up."""
    signal.signal(signal.SIGTERM, interrupt)


def pytest_collection_modifyitems(items):
    if PEER:
        skip = pytest.mark.skip(reason=f"needs Holdfast, not {PEER}")
        for item in items:
            if item.get_closest_marker("holdfast"):
                item.add_marker(skip)


def plain(name):
    """A test's name as a name for files and filesystems."""
    return re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-").removeprefix("test-")


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    """A running server; its log is printed where the module failed."""
    folder = tmp_path_factory.mktemp(plain(request.module.__name__))
    made = (Ganesha if PEER else Server)(str(folder))
    failed_before = request.session.testsfailed
    try:
        yield made.start()
    finally:
        if request.session.testsfailed > failed_before:
            print(f"\nserver log:\n{made.process.log_tail(6000)}")
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def guest(request):
    made = Guest(plain(request.module.__name__))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def filesystem(server, request):
    """The module's filesystem."""
    return server.create_filesystem(plain(request.module.__name__))


@pytest.fixture(scope="module")
def mount(server, guest, filesystem):
    """The module's filesystem, mounted in its guest."""
    return guest.mount(server, filesystem)


@pytest.fixture
def folder(guest, mount, request):
    """The test's own folder on the mount."""
    return guest.folder(mount, plain(request.node.name))
