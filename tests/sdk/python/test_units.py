"""What needs no server: sizes, paths, waits, and archives that mean harm."""
import io
import os
import tarfile

import pytest
from holdfast import errors, parse_size
from holdfast._paths import encode_id, encode_path
from holdfast._retry import may_repeat, read_retry_after, wait_seconds
from holdfast._tar import TarUnpacker
from holdfast.types import _time


def test_sizes_are_exact():
    for given, size in [
        (1, 1), (5_000_000_000, 5 * 10**9), ("5gb", 5 * 10**9), ("1.5gib", 3 * 2**29), (" 2 GiB ", 2**31), ("1.1GB", 1_100_000_000),
        ("1000000", 1_000_000), ("0.000000001gb", 1), ("3kb", 3000), ("1tib", 2**40), ("9223372036854775807", 2**63 - 1),
    ]:
        assert parse_size(given) == size, given


@pytest.mark.parametrize("senseless", [
    0, -1, True, 1.5, None, b"5gb", 2**63, "", "gb", "5 parsecs", "-5gb", "5..0gb", "5.gb", "1e9", "0.0000000001gb", "0gb", "٥gb", "5gb gb",
])
def test_senseless_sizes_are_refused(senseless):
    with pytest.raises(errors.InvalidArgumentError):
        parse_size(senseless)


def test_paths_reach_the_server_as_they_are():
    for given, encoded in [
        ("/a/b", "a/b"), ("a", "a"), ("/", ""), ("", ""), ("//a", "/a"), ("/a b%?#", "a%20b%25%3F%23"), ("/../.", "%2E%2E/%2E"),
        ("/..a", "..a"), (b"/\xff", "%FF"), ("/\udcff", "%FF"), ("/ü~", "%C3%BC~"),
    ]:
        assert encode_path(given) == encoded
    assert encode_id("a/b") == "a%2Fb"
    for wrong in ("", ".", ".."):
        with pytest.raises(ValueError):
            encode_id(wrong)


def test_what_is_sent_again():
    assert may_repeat(429, False) and may_repeat(503, True) and not may_repeat(503, False) and not may_repeat(500, True)
    for attempt in range(1, 30):
        wait = wait_seconds(attempt, None)
        assert 0.1 <= wait <= 8
    assert 7 <= wait_seconds(1, 7.0) <= 7.2 and wait_seconds(1, 61.0) is None
    assert read_retry_after({"retry-after": "7"}) == 7 and read_retry_after({}) is None
    assert read_retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}) == 0
    assert read_retry_after({"retry-after": "soon"}) is None


def test_times():
    assert _time("2026-11-24T20:00:00.123456789Z").microsecond == 123456
    assert _time("2026-11-24T20:00:00+02:00").hour == 18
    with pytest.raises(ValueError):
        _time("yesterday")


def test_answers_that_are_not_the_servers():
    for content in (b"<html>", b"[1]", b'{"error": 5, "message": null}', b"\xff"):
        error = errors.ApiError if content == b"" else __import__("holdfast")._errors.from_answer(502, {}, content, None)
        assert type(error) is errors.ApiError and error.status == 502 and error.kind == "" and "502" in str(error)
    known = __import__("holdfast")._errors.from_answer(404, {}, b"", None)
    assert type(known) is errors.NotFoundError


def archive(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for kind, name, value in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o644
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = value
            info.size = len(value) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(value) if kind == tarfile.REGTYPE else None)
    return out.getvalue()


def unpack(top, data, step=512):
    unpacker = TarUnpacker(str(top), None)
    try:
        for start in range(0, len(data), step):
            unpacker.feed(data[start : start + step])
        unpacker.finish()
    finally:
        unpacker.drop()
    return unpacker


@pytest.mark.parametrize("step", [1, 7, 512, 100_000])
def test_an_archive_in_any_pieces(tmp_path, step):
    long = "d/" + "n" * 200
    data = archive((tarfile.REGTYPE, "a", b"x" * 1000), (tarfile.REGTYPE, long, b"y"), (tarfile.FIFOTYPE, "p", b""), (tarfile.LNKTYPE, "l", "a"))
    assert unpack(tmp_path, data, step).files == 2
    assert (tmp_path / "a").read_bytes() == b"x" * 1000 and (tmp_path / long).read_bytes() == b"y"
    assert sorted(os.listdir(tmp_path)) == ["a", "d", "l"]


def test_no_archive_writes_outside(tmp_path):
    outside, top = tmp_path / "outside", tmp_path / "top"
    outside.mkdir()
    for number, members in enumerate([
        [(tarfile.REGTYPE, "../outside/f", b"x")],
        [(tarfile.REGTYPE, "a/../../outside/f", b"x")],
        [(tarfile.SYMTYPE, "s", str(outside)), (tarfile.REGTYPE, "s/f", b"x")],
        [(tarfile.SYMTYPE, "s", "../outside"), (tarfile.DIRTYPE, "s", b""), (tarfile.REGTYPE, "s/f", b"x")],
        [(tarfile.SYMTYPE, "s", str(outside)), (tarfile.LNKTYPE, "h", "s/../f")],
        [(tarfile.REGTYPE, "..", b"x")],
    ]):
        place = top / str(number)
        place.mkdir(parents=True)
        with pytest.raises(errors.ArchiveError):
            unpack(place, archive(*members))
    # A link is replaced, not written through.
    (outside / "kept").write_bytes(b"kept")
    (top / "new").mkdir()
    unpack(top / "new", archive((tarfile.SYMTYPE, "s", str(outside / "kept")), (tarfile.REGTYPE, "s", b"x")))
    assert (outside / "kept").read_bytes() == b"kept" and (top / "new" / "s").read_bytes() == b"x"
    assert os.listdir(outside) == ["kept"]
    # An absolute name is one below the top.
    unpack(top / "new", archive((tarfile.REGTYPE, "/etc/f", b"x")))
    assert (top / "new" / "etc" / "f").exists()


def test_damaged_archives(tmp_path):
    data = archive((tarfile.REGTYPE, "a", b"x" * 5000), (tarfile.REGTYPE, "n" * 200, b"y"))
    for cut in range(0, len(data) - 10240 + 5000, 300):
        try:
            unpack(tmp_path, data[:cut])
        except errors.ArchiveError:
            assert not [name for name in os.listdir(tmp_path) if name.startswith(".holdfast-")]
        else:
            # What follows the first block of zeros is padding.
            assert data[:cut].endswith(bytes(512))
    for at in (0, 100, 300):
        broken = bytearray(data)
        broken[at] ^= 0x55
        with pytest.raises(errors.ArchiveError):
            unpack(tmp_path, bytes(broken))
