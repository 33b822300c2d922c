"""Every call of E2B's Volume in Python, with what the SDK makes of each answer.

    calls.py sync|async      the same calls; asynchronous ones are awaited
"""
import asyncio
import inspect
import io
import os
import sys
from datetime import datetime, timezone

import e2b

MODE = sys.argv[1]
Volume = e2b.AsyncVolume if MODE == "async" else e2b.Volume
MISSING = "00000000-0000-0000-0000-000000000000"
NOT_FOUND = "NotFoundException"
count = 0


async def done(value):
    global count
    count += 1
    return await value if inspect.isawaitable(value) else value


async def fails(call, names, says=""):
    """`call` raises an exception with one of these classes among its own and their parents."""
    try:
        result = await done(call())
    except Exception as error:  # The class is what is tested.
        classes = {cls.__name__ for cls in type(error).__mro__}
        assert classes & set(names), f"{type(error).__name__}: {error}"
        assert says in str(error), error
    else:
        raise AssertionError(f"{names} expected, got {result!r}")


async def pieces(stream):
    if hasattr(stream, "__aiter__"):
        return [piece async for piece in stream]
    return list(stream)


def kind(entry):
    return str(getattr(entry.type, "value", entry.type))


async def main():
    name = f"python-{MODE}-{os.getpid()}"
    refused = ["VolumeException"]
    created = await done(Volume.create(name))
    volume_id = created.volume_id
    await fails(lambda: Volume.create(name), refused, "already exists")
    await fails(lambda: Volume.create("not a name"), refused)
    listed = await done(Volume.list())
    assert any(one.volume_id == volume_id and one.name == name for one in listed), listed
    info = await done(Volume.get_info(volume_id))
    assert info.name == name and info.token
    await fails(lambda: Volume.get_info(MISSING), [NOT_FOUND])
    vol = await done(Volume.connect(volume_id))

    entry = await done(vol.make_dir("/d"))
    assert (entry.name, entry.path, kind(entry), entry.mode, entry.uid) == ("d", "/d", "directory", 0o777, 9090), entry
    entry = await done(vol.make_dir("/d/e/f", uid=1000, gid=1001, mode=0o755, force=True))
    assert (entry.mode, entry.uid, entry.gid) == (0o755, 1000, 1001), entry
    await fails(lambda: vol.make_dir("/d"), refused, "409")
    await fails(lambda: vol.make_dir("/x/y"), [NOT_FOUND])

    entry = await done(vol.write_file("/d/t.txt", "hello"))
    assert (entry.name, kind(entry), entry.size, entry.mode, entry.gid) == ("t.txt", "file", 5, 0o666, 9090), entry
    age = datetime.now(timezone.utc) - entry.mtime
    assert abs(age.total_seconds()) < 600, entry.mtime
    await fails(lambda: vol.write_file("/d/t.txt", "hello"), refused, "409")
    entry = await done(vol.write_file("/d/t.txt", "hello2", uid=0, gid=0, mode=0o600, force=True))
    assert (entry.size, entry.mode, entry.uid) == (6, 0o600, 0), entry
    await done(vol.write_file("/d/t3.txt", "x", force=False))
    assert (await done(vol.write_file("/e.bin", ""))).size == 0
    await done(vol.write_file("/ab.bin", b"\x00\xff\x01\xfe"))
    entry = await done(vol.write_file("/s.bin", io.BytesIO(b"\x07" * 200_000)))
    assert entry.size == 200_000, entry
    special = "/d/a b+c&d=e%2F#é?.txt"
    assert (await done(vol.write_file(special, "u"))).path == special
    await fails(lambda: vol.write_file("/no/parent", "x"), [NOT_FOUND])

    assert await done(vol.read_file("/d/t.txt")) == "hello2"
    assert bytes(await done(vol.read_file("/ab.bin", format="bytes"))) == b"\x00\xff\x01\xfe"
    stream = await done(vol.read_file("/s.bin", format="stream"))
    assert b"".join(await pieces(stream)) == b"\x07" * 200_000
    assert await done(vol.read_file("/e.bin")) == ""
    assert await done(vol.read_file(special)) == "u"
    await fails(lambda: vol.read_file("/nope"), [NOT_FOUND])

    paths = [one.path for one in await done(vol.list("/"))]
    assert paths == ["/ab.bin", "/d", "/e.bin", "/s.bin"], paths
    paths = [one.path for one in await done(vol.list("/d", depth=3))]
    assert paths == [special, "/d/e", "/d/e/f", "/d/t.txt", "/d/t3.txt"], paths
    await fails(lambda: vol.list("/nope"), [NOT_FOUND])
    await fails(lambda: vol.list("/d", depth=11), refused, "400")

    assert (await done(vol.get_info("/d/t.txt"))).mode == 0o600
    await fails(lambda: vol.get_info("/nope"), [NOT_FOUND])
    assert await done(vol.exists("/d")) is True
    assert await done(vol.exists("/nope")) is False
    entry = await done(vol.update_metadata("/d/t.txt", uid=5, gid=6, mode=0o644))
    assert (entry.uid, entry.gid, entry.mode) == (5, 6, 0o644), entry
    entry = await done(vol.update_metadata("/d/t.txt", mode=0o640))
    assert (entry.uid, entry.mode) == (5, 0o640), entry
    await fails(lambda: vol.update_metadata("/nope", mode=0o640), [NOT_FOUND])

    await done(vol.remove("/d/t.txt"))
    await done(vol.remove("/d"))
    await fails(lambda: vol.remove("/nope"), [NOT_FOUND])
    assert await done(vol.exists("/d/e/f")) is False

    assert await done(Volume.destroy(volume_id)) is True
    assert await done(Volume.destroy(volume_id)) is False
    print(f"{count} calls")


asyncio.run(main())
