"""One server for all tests; each test in both styles, synchronous and asynchronous; a proxy that makes faults."""
import asyncio
import itertools
from types import SimpleNamespace

import holdfast
import pytest
from blocking import Blocking
from proxy import Proxy
from server import Server

NAMES = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def environment(server, monkeypatch):
    """The variables that a client reads."""
    for name, value in server.environment.items():
        if name.startswith("HOLDFAST_"):
            monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture(params=["sync", "async"])
def api(request, environment):
    """The package's names in one of its styles."""
    if request.param == "sync":
        yield SimpleNamespace(
            style="sync", Filesystem=holdfast.Filesystem, Admin=holdfast.Admin, health=holdfast.health, ready=holdfast.ready
        )
        return
    loop = asyncio.new_event_loop()
    yield SimpleNamespace(
        style="async",
        Filesystem=Blocking(holdfast.AsyncFilesystem, loop),
        Admin=Blocking(holdfast.AsyncAdmin, loop),
        health=Blocking(holdfast.async_health, loop),
        ready=Blocking(holdfast.async_ready, loop),
    )
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def name():
    """A name that no filesystem has."""
    return f"test-{next(NAMES)}"


@pytest.fixture
def filesystem(api, name):
    """An empty filesystem."""
    with api.Filesystem.create(name, "1gb") as made:
        yield made
        api.Filesystem.delete(made)


@pytest.fixture
def proxy(server):
    """A proxy in front of the server."""
    with Proxy(server.address) as running:
        yield running
