"""One upload and one download: large.py sync|async file|tree NAME LOCAL OUT. Prints its largest resident memory and times."""
import asyncio
import os
import resource
import sys
import time

from holdfast import AsyncFilesystem, Filesystem

STYLE, WAY, NAME, LOCAL, OUT = sys.argv[1:]


def synchronous() -> "tuple[float, float]":
    filesystem = Filesystem.create(NAME, "5gb")
    began = time.monotonic()
    if WAY == "file":
        with open(LOCAL, "rb") as file:
            filesystem.write("/file", file)
    else:
        filesystem.upload(os.path.dirname(LOCAL), "/tree")
    half = time.monotonic()
    if WAY == "file":
        with filesystem.read("/file", format="stream") as stream, open(os.path.join(OUT, "file"), "wb") as out:
            for piece in stream:
                out.write(piece)
    else:
        filesystem.download("/tree", OUT)
    end = time.monotonic()
    Filesystem.delete(filesystem)
    return half - began, end - half


async def asynchronous() -> "tuple[float, float]":
    async with await AsyncFilesystem.create(NAME, "5gb") as filesystem:
        began = time.monotonic()
        await filesystem.upload(LOCAL if WAY == "file" else os.path.dirname(LOCAL), "/up")
        half = time.monotonic()
        await filesystem.download("/up", os.path.join(OUT, "file") if WAY == "file" else OUT)
        end = time.monotonic()
        await AsyncFilesystem.delete(filesystem)
        return half - began, end - half


times = synchronous() if STYLE == "sync" else asyncio.run(asynchronous())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, *times)
