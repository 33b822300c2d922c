"""A network that fails: what is sent again, what is raised, and what is never there by half."""
import os
import time

import pytest
from holdfast import errors


@pytest.fixture
def through(api, proxy, filesystem, monkeypatch):
    """The filesystem, reached through the proxy."""
    # Waits are tested by themselves.
    monkeypatch.setattr("holdfast._retry.FIRST_WAIT_SECONDS", 0.01)
    with api.Filesystem.connect(filesystem.id, url=proxy.url) as found:
        proxy.seen.clear()
        yield found


def methods(proxy):
    return [method for method, _ in proxy.seen]


@pytest.mark.parametrize("fault", ["reset", "lost", "503", "502", "504", "429:0", "429"])
def test_what_comes_to_the_same_is_sent_again(through, filesystem, proxy, fault):
    for method, call in {
        "PUT": lambda: through.write("/f", b"content" * 1000),
        "GET": lambda: through.read("/f"),
        "POST": lambda: through.mkdir("/d"),
        "PATCH": lambda: through.chmod("/f", 0o600),
        "DELETE": lambda: through.delete("/f"),
    }.items():
        proxy.seen.clear()
        proxy.faults[:] = [fault, fault]
        call()
        assert methods(proxy) == [method] * 3
        if method == "PUT":
            assert filesystem.read("/f") == "content" * 1000
    assert [entry.name for entry in filesystem.list()] == ["d"]


@pytest.mark.parametrize("fault", ["reset", "lost", "503"])
def test_what_does_not_is_raised(api, through, filesystem, proxy, name, fault):
    first = filesystem.write("/f", "1")
    filesystem.snapshot("s")
    expected = errors.ApiError if fault == "503" else errors.ConnectionFailedError
    for method, call in [
        ("POST", lambda: api.Filesystem.create(f"{name}-made", url=proxy.url)),
        ("POST", lambda: through.fork(f"{name}-fork")),
        ("POST", lambda: through.snapshot("t")),
        ("POST", lambda: through.symlink("f", "/s")),
        ("POST", lambda: through.link("/f", "/l")),
        ("POST", lambda: through.restore("s")),
        ("PUT", lambda: through.write("/g", "2", if_none_match="*")),
        ("PUT", lambda: through.write("/f", "3", if_match=first.etag)),
        ("PATCH", lambda: through.move("/f", "/m")),
    ]:
        proxy.seen.clear()
        proxy.faults[:] = [fault]
        with pytest.raises(expected) as caught:
            call()
        assert methods(proxy) == [method]
        assert fault == "503" or caught.value.sent
    made = {info.name for info in api.Filesystem.list() if info.name in (f"{name}-made", f"{name}-fork")}
    # Done once where only the answer was lost, else not at all.
    assert made == ({f"{name}-made", f"{name}-fork"} if fault == "lost" else set())
    for one in made:
        api.Filesystem.delete(one)


def test_a_creation_that_was_put_off_is_sent_again(api, proxy, name):
    proxy.faults[:] = ["429:1", "429:0"]
    started = time.monotonic()
    with api.Filesystem.create(name, url=proxy.url) as made:
        assert time.monotonic() - started >= 1.0
        assert methods(proxy) == ["POST"] * 3
        api.Filesystem.delete(made)


def test_a_long_wait_is_raised(through, proxy):
    proxy.faults[:] = ["429:3600"]
    with pytest.raises(errors.TooManyRequestsError) as caught:
        through.usage()
    assert caught.value.retry_after == 3600 and len(proxy.seen) == 1


def test_retries_end(through, proxy):
    proxy.faults[:] = ["reset"] * 10
    with pytest.raises(errors.ConnectionFailedError):
        through.with_options(retries=2).usage()
    assert len(proxy.seen) == 3
    proxy.faults[:] = ["503"] * 10
    with pytest.raises(errors.UnavailableError):
        through.with_options(retries=0).usage()
    proxy.faults.clear()


def test_silence_is_raised(through, proxy):
    proxy.faults[:] = ["delay:5"]
    started = time.monotonic()
    with pytest.raises(errors.RequestTimeoutError) as caught:
        through.with_options(timeout=0.3, retries=0).usage()
    assert time.monotonic() - started < 3 and caught.value.sent
    proxy.faults[:] = ["delay:5"]
    assert through.with_options(timeout=0.3).usage().used_bytes == 0
    proxy.faults[:] = ["delay:0.2"]
    assert through.with_options(timeout=5, retries=0).usage().used_bytes == 0


def test_half_a_body_goes_on_where_it_broke(through, filesystem, proxy, tmp_path):
    content = os.urandom(2_000_000)
    filesystem.write("/f", content)
    proxy.faults[:] = ["half", "half", "lost", "half"]
    assert through.read("/f", format="bytes") == content
    ranges = [head.split("range: ")[1].split("\r\n")[0] for head in proxy.heads if "\r\nrange: " in head]
    assert len(ranges) == 4 and ranges[0].endswith("-1999999") and not ranges[0].startswith("bytes=0-")
    proxy.faults[:] = ["half"]
    assert through.read("/f", format="bytes", offset=5, length=1_500_000) == content[5:1_500_005]
    proxy.faults[:] = ["pass", "half"]
    assert through.download("/f", tmp_path / "f").bytes == len(content)
    assert (tmp_path / "f").read_bytes() == content
    proxy.faults[:] = ["pass"] + ["reset"] * 9
    with pytest.raises(errors.ConnectionFailedError):
        through.with_options(retries=1).download("/f", tmp_path / "g")
    proxy.faults[:] = ["pass", "half"]
    with pytest.raises(errors.ConnectionFailedError):
        through.with_options(retries=0).download("/f", tmp_path / "g")
    assert os.listdir(tmp_path) == ["f"]
    proxy.faults.clear()


def test_a_file_that_changes_while_its_transfer_breaks(through, filesystem, proxy):
    old, new = os.urandom(2_000_000), os.urandom(2_000_000)
    filesystem.write("/f", old)
    proxy.faults[:] = ["half"]
    with through.read("/f", format="stream") as stream:
        pieces = iter(stream)
        next(pieces)
        filesystem.write("/f", new)
        with pytest.raises(errors.PreconditionFailedError):
            list(pieces)
    proxy.faults[:] = ["half", "412", "pass"]
    assert through.read("/f", format="bytes") == new


@pytest.mark.parametrize("fault", ["cut", "reset", "lost"])
def test_half_an_upload_leaves_what_was_there(api, through, filesystem, proxy, fault):
    filesystem.write("/f", "before")

    def pieces(count):
        for _ in range(count):
            yield b"x" * 100_000

    proxy.faults[:] = [fault]
    with pytest.raises(errors.ConnectionFailedError):
        through.write("/f", pieces(20))
    if fault == "lost":
        assert filesystem.stat("/f").size == 2_000_000
    else:
        assert filesystem.read("/f") == "before"
    # Content that can be had again is sent again.
    proxy.faults[:] = [fault]
    through.write("/f", b"y" * 2_000_000)
    assert filesystem.stat("/f").size == 2_000_000 and methods(proxy) == ["PUT"] * 3


def test_content_that_fails_writes_nothing(filesystem):
    filesystem.write("/f", "before")

    def pieces():
        yield b"x" * 100_000
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        filesystem.write("/f", pieces())
    with pytest.raises(KeyError, match="mine"):
        filesystem.write("/new", pieces())
    assert filesystem.read("/f") == "before" and not filesystem.exists("/new")


def test_half_a_tree(through, filesystem, proxy, tmp_path):
    (tmp_path / "tree").mkdir()
    for number in range(5):
        (tmp_path / "tree" / f"f{number}").write_bytes(os.urandom(500_000))
    filesystem.upload(tmp_path / "tree", "/tree")
    proxy.faults[:] = ["pass", "half"]
    back = tmp_path / "back"
    # The export has no length, so half of it is none; a connection that ends there is an error.
    proxy.cut_after = 1_200_000
    with pytest.raises(errors.HoldfastError):
        through.download("/tree", back)
    proxy.cut_after = None
    for path in back.iterdir():
        assert path.read_bytes() == (tmp_path / "tree" / path.name).read_bytes()
    assert 0 < len(list(back.iterdir())) < 5
    assert through.download("/tree", back).files == 5
    proxy.seen.clear()
    proxy.faults[:] = ["cut"]
    with pytest.raises(errors.ConnectionFailedError):
        through.upload(tmp_path / "tree", "/again")
    assert methods(proxy) == ["POST"]
    for entry in filesystem.list("/again") if filesystem.exists("/again") else []:
        assert filesystem.read(entry.path, format="bytes") == (tmp_path / "tree" / entry.name).read_bytes()


@pytest.mark.parametrize("status", [304, 302, 418])
def test_a_proxys_own_answer(through, filesystem, proxy, status):
    filesystem.write("/f", "x")
    for call in (through.usage, lambda: through.delete("/f"), lambda: through.read("/f")):
        proxy.faults[:] = [str(status)]
        with pytest.raises(errors.ApiError) as caught:
            call()
        assert caught.value.status == status and caught.value.kind == ""
    assert filesystem.read("/f") == "x"
