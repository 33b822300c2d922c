# Generated from _async/trees.py by `generate`; do not edit.
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
from .connection import Connection, FileStream


def upload(
    connection: Connection,
    filesystem: str,
    local: LocalPath,
    path: RemotePath,
    owner: Owner,
    progress: Optional[Report],
) -> Transfer:
    """Uploads a directory or a file."""
    top = os.fspath(local)
    where = f"/filesystems/{encode_id(filesystem)}"
    if run(os.path.isdir, top):
        call = Call("POST", f"{where}/import", params(path=text_path(path)))
        call.headers["content-type"] = "application/x-tar"
        call.source = tree_source(top, owner, progress)
        done = Imported.from_wire(connection.json(call))
        return Transfer(done.files, done.bytes)
    source, info = run(file_source, top, os.fsdecode(path), progress)
    uid = info.st_uid if owner.uid is None else owner.uid
    gid = info.st_gid if owner.gid is None else owner.gid
    query, _ = ownership(None, uid, gid, mode_text(stat.S_IMODE(info.st_mode)))
    call = Call("PUT", f"{where}/files/{encode_path(path)}", query, source=source, repeatable=True)
    return Transfer(1, Entry.from_wire(connection.json(call)).size)


def download(
    connection: Connection,
    filesystem: str,
    local: LocalPath,
    path: RemotePath,
    progress: Optional[Report],
) -> Transfer:
    """Downloads a directory."""
    import httpx

    top = os.fspath(local)
    call = Call("GET", f"/filesystems/{encode_id(filesystem)}/export", params(path=text_path(path)), repeatable=True)
    response = connection.send(call, stream=True)
    try:
        run(lambda: os.makedirs(top, exist_ok=True))
        unpacker = TarUnpacker(top, progress)
        try:
            for piece in response.iter_raw(PIECE_BYTES):
                run(unpacker.feed, piece)
            run(unpacker.finish)
        except httpx.TransportError as error:
            raise explain(error, call) from error
        finally:
            unpacker.drop()
    finally:
        response.close()
    return Transfer(unpacker.files, unpacker.bytes)


def download_file(
    stream: FileStream, entry: Entry, local: LocalPath, progress: Optional[Report]
) -> Transfer:
    """Downloads a file. `entry` says its mode."""
    done = 0
    with stream:
        file = run(WholeFile, os.fspath(local))
        finished = False
        try:
            for piece in stream:
                run(file.write, piece)
                done += len(piece)
                if progress:
                    progress(Progress(entry.path, int(done == stream.length), done))
            run(file.finish, int(entry.mode, 8) & 0o777)
            finished = True
        finally:
            if not finished:
                file.drop()
    return Transfer(1, done)
