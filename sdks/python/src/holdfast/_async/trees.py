"""Trees of files, up and down, through the routes that take and give tar archives; and single files."""
from __future__ import annotations

import os
import stat
from typing import Optional

from .._body import PIECE_BYTES
from .._call import Call, explain, params
from .._owner import mode_text, ownership
from .._paths import RemotePath, encode_id, encode_path, text_path
from .._tar import TarUnpacker, WholeFile
from .._transfer import LocalPath, Owner, Progress, Report, Transfer, file_source, tree_source
from ..types import Entry, Imported
from ._flavour import run
from .connection import AsyncConnection, AsyncFileStream


async def upload(
    connection: AsyncConnection,
    filesystem: str,
    local: LocalPath,
    path: RemotePath,
    owner: Owner,
    progress: Optional[Report],
) -> Transfer:
    """Uploads a directory or a file."""
    top = os.fspath(local)
    where = f"/filesystems/{encode_id(filesystem)}"
    if await run(os.path.isdir, top):
        call = Call("POST", f"{where}/import", params(path=text_path(path)))
        call.headers["content-type"] = "application/x-tar"
        call.source = tree_source(top, owner, progress)
        done = Imported.from_wire(await connection.json(call))
        return Transfer(done.files, done.bytes)
    source, info = await run(file_source, top, os.fsdecode(path), progress)
    uid = info.st_uid if owner.uid is None else owner.uid
    gid = info.st_gid if owner.gid is None else owner.gid
    query, _ = ownership(None, uid, gid, mode_text(stat.S_IMODE(info.st_mode)))
    call = Call("PUT", f"{where}/files/{encode_path(path)}", query, source=source, repeatable=True)
    return Transfer(1, Entry.from_wire(await connection.json(call)).size)


async def download(
    connection: AsyncConnection,
    filesystem: str,
    local: LocalPath,
    path: RemotePath,
    progress: Optional[Report],
) -> Transfer:
    """Downloads a directory."""
    import httpx

    top = os.fspath(local)
    call = Call("GET", f"/filesystems/{encode_id(filesystem)}/export", params(path=text_path(path)), repeatable=True)
    response = await connection.send(call, stream=True)
    try:
        await run(lambda: os.makedirs(top, exist_ok=True))
        unpacker = TarUnpacker(top, progress)
        try:
            async for piece in response.aiter_raw(PIECE_BYTES):
                await run(unpacker.feed, piece)
            await run(unpacker.finish)
        except httpx.TransportError as error:
            raise explain(error, call) from error
        finally:
            unpacker.drop()
    finally:
        await response.aclose()
    return Transfer(unpacker.files, unpacker.bytes)


async def download_file(
    stream: AsyncFileStream, entry: Entry, local: LocalPath, progress: Optional[Report]
) -> Transfer:
    """Downloads a file. `entry` says its mode."""
    done = 0
    async with stream:
        file = await run(WholeFile, os.fspath(local))
        finished = False
        try:
            async for piece in stream:
                await run(file.write, piece)
                done += len(piece)
                if progress:
                    progress(Progress(entry.path, int(done == stream.length), done))
            await run(file.finish, int(entry.mode, 8) & 0o777)
            finished = True
        finally:
            if not finished:
                file.drop()
    return Transfer(1, done)
