"""Checked by mypy, never run: what users' type checkers must accept and know."""
from typing import List

from holdfast import AsyncFilesystem, AsyncFileStream, AsyncPages, Entry, Filesystem, FileStream, Pages


def synchronous() -> None:
    filesystem: Filesystem = Filesystem.create("n", "5gb", durability="object")
    listed: Pages[Filesystem] = Filesystem.list(labels={"a": "b"})
    entries: Pages[Entry] = filesystem.list("/data", depth=2)
    everything: List[Entry] = entries.all()
    text: str = filesystem.read("/f")
    content: bytes = filesystem.read("/f", format="bytes")
    stream: FileStream = filesystem.read("/f", format="stream")
    Filesystem.delete(filesystem, force=True)
    filesystem.delete("/f", recursive=False)
    filesystem.delete("/f", force=True)  # type: ignore[call-arg]
    Filesystem.list(path="/data")  # type: ignore[call-arg]
    filesystem.attach(uid_policy="nobody")  # type: ignore[arg-type]
    print(listed, everything, text, content, stream)


async def asynchronous() -> None:
    filesystem: AsyncFilesystem = await AsyncFilesystem.connect("n")
    listed: AsyncPages[AsyncFilesystem] = AsyncFilesystem.list()
    entries: List[Entry] = await filesystem.list("/data")
    text: str = await filesystem.read("/f")
    content: bytes = await filesystem.read("/f", format="bytes")
    stream: AsyncFileStream = await filesystem.read("/f", format="stream")
    await AsyncFilesystem.delete(filesystem)
    await filesystem.delete("/f")
    print(listed, entries, text, content, stream)
