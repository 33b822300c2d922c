"""What is done with files and directories of a filesystem, by path."""
from __future__ import annotations

from typing import Any, AsyncIterable, Dict, List, Literal, Optional, Protocol, Tuple, Union, overload

from .._body import Content, source_of
from .._call import Call, params
from .._errors import ApiError, InvalidArgumentError
from .._error_table import NotDirectoryError, PathNotFoundError, PreconditionFailedError
from .._owner import Mode, mode_text, ownership, tree_owner
from .._paths import RemotePath, encode_id, encode_path, text_path
from .._transfer import LocalPath, Report, Transfer
from ..types import Entry, FilePatch, Imported
from .connection import AsyncConnection, AsyncFileStream, decoded
from .pages import AsyncPages

PARTIAL = 206
ENTRIES_PAGE = 1000
"""Entries that one page of a list asks for."""


class ListEntries(Protocol):
    """The signature of `filesystem.list`."""

    def __call__(self, path: RemotePath = "/", *, depth: int = 1, snapshot: Optional[str] = None) -> AsyncPages[Entry]:
        """Lists a directory, or with `depth` a tree of so many levels: parents first, fetched page by page."""


class DeletePath(Protocol):
    """The signature of `filesystem.delete`."""

    async def __call__(self, path: RemotePath, *, recursive: bool = True) -> None:
        """Removes a file, a symbolic link, or a directory with everything in it (unless not `recursive`)."""


class AsyncFiles:
    """The part of `AsyncFilesystem` that is about paths."""

    _connection: AsyncConnection

    @property
    def id(self) -> str:
        """`fs-` and a UUID; for ever."""
        raise NotImplementedError

    def _file(self, method: str, path: RemotePath, *, repeatable: bool = False, **query: Optional[object]) -> Call:
        where = f"/filesystems/{encode_id(self.id)}/files/{encode_path(path)}"
        return Call(method, where, params(**query), repeatable=repeatable)

    # -- content

    async def write(
        self,
        path: RemotePath,
        data: Union[Content, AsyncIterable[bytes]],
        *,
        user: Optional[str] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
        mode: Optional[Mode] = None,
        if_match: Optional[str] = None,
        if_none_match: Optional[str] = None,
    ) -> Entry:
        """Writes a whole file in one step: nobody sees half of it, and a broken transfer leaves what was there.

        Missing parents are made. `user` is `root` (the default) or `user`; other owners go into `uid` and `gid`. With
        `if_match` (an `etag`, or `*`) or `if_none_match="*"` (only if it is new) the server checks first, and
        `PreconditionFailedError` is raised where the file is in another state.
        """
        query, headers = ownership(user, uid, gid, mode)
        conditions = {"if-match": if_match, "if-none-match": if_none_match}
        call = self._file("PUT", path)
        call.params += query
        call.headers.update(headers)
        call.headers.update({name: value for name, value in conditions.items() if value is not None})
        call.source = source_of(data)
        # The second time a condition would meet what the first time wrote.
        call.repeatable = if_match is None and if_none_match is None
        return Entry.from_wire(await self._connection.json(call))

    @overload
    async def read(
        self,
        path: RemotePath,
        *,
        format: Literal["text"] = "text",
        offset: int = 0,
        length: Optional[int] = None,
        snapshot: Optional[str] = None,
    ) -> str: ...

    @overload
    async def read(
        self,
        path: RemotePath,
        *,
        format: Literal["bytes"],
        offset: int = 0,
        length: Optional[int] = None,
        snapshot: Optional[str] = None,
    ) -> bytes: ...

    @overload
    async def read(
        self,
        path: RemotePath,
        *,
        format: Literal["stream"],
        offset: int = 0,
        length: Optional[int] = None,
        snapshot: Optional[str] = None,
    ) -> AsyncFileStream: ...

    async def read(
        self,
        path: RemotePath,
        *,
        format: Literal["text", "bytes", "stream"] = "text",
        offset: int = 0,
        length: Optional[int] = None,
        snapshot: Optional[str] = None,
    ) -> Union[str, bytes, AsyncFileStream]:
        """Reads a file: as text (UTF-8), as bytes, or as a stream of pieces with flat memory.

        `offset` and `length` are in bytes; `RangeNotSatisfiableError` where no byte of the range exists. `snapshot`
        (id or name) reads the file as it was then.
        """
        if format not in ("text", "bytes", "stream"):
            raise InvalidArgumentError(f"`format` is text, bytes or stream; not {format!r}")
        if offset < 0 or (length is not None and length < 1):
            raise InvalidArgumentError("`offset` is 0 or more and `length` 1 or more, in bytes")
        call = self._file("GET", path, repeatable=True, snapshot=snapshot)
        if offset or length is not None:
            last = "" if length is None else str(offset + length - 1)
            call.headers["range"] = f"bytes={offset}-{last}"
        if format == "stream":
            return await self._open(call)
        content = await self._whole(call)
        return content.decode() if format == "text" else content

    async def _open(self, call: Call) -> AsyncFileStream:
        response = await self._connection.send(call, stream=True)
        if "range" in call.headers and response.status_code != PARTIAL:
            await response.aclose()
            raise ApiError("the answer is the whole file, not its part", status=response.status_code, kind="")
        return AsyncFileStream(self._connection, call, response)

    async def _whole(self, call: Call) -> bytes:
        """The content of one version: where the file changes while it is read, it is read again."""
        attempts = self._connection.settings.retries
        while True:
            async with await self._open(call) as stream:
                try:
                    return b"".join([piece async for piece in stream])
                except PreconditionFailedError:
                    if not attempts:
                        raise
            attempts -= 1

    # -- what is there

    async def stat(self, path: RemotePath, *, follow: bool = True, snapshot: Optional[str] = None) -> Entry:
        """Shows a file, directory or (without `follow`) the symbolic link itself."""
        call = self._file("GET", path, repeatable=True, stat=True, follow=follow, snapshot=snapshot)
        return Entry.from_wire(await self._connection.json(call))

    async def exists(self, path: RemotePath, *, follow: bool = True, snapshot: Optional[str] = None) -> bool:
        """Whether there is something at the path."""
        try:
            await self.stat(path, follow=follow, snapshot=snapshot)
        except (PathNotFoundError, NotDirectoryError):
            return False
        return True

    def _list_path(
        self, path: RemotePath = "/", *, depth: int = 1, snapshot: Optional[str] = None
    ) -> AsyncPages[Entry]:
        """Lists a directory, or with `depth` a tree of so many levels: parents first, fetched page by page."""

        async def fetch(cursor: Optional[str]) -> Tuple[List[Entry], Optional[str]]:
            query: Dict[str, Any] = {"list": True, "depth": depth, "cursor": cursor, "snapshot": snapshot}
            query["limit"] = ENTRIES_PAGE
            page = await self._connection.json(self._file("GET", path, repeatable=True, **query))
            return [Entry.from_wire(entry) for entry in page["entries"]], page.get("cursor")

        return AsyncPages(fetch)

    # -- changes

    async def _delete_path(self, path: RemotePath, *, recursive: bool = True) -> None:
        """Removes a file, a symbolic link, or a directory with everything in it (unless not `recursive`)."""
        query = {} if recursive else {"recursive": False}
        await self._connection.send(self._file("DELETE", path, repeatable=True, **query))

    async def mkdir(
        self,
        path: RemotePath,
        *,
        user: Optional[str] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
        mode: Optional[Mode] = None,
    ) -> Entry:
        """Makes a directory and its missing parents. One that exists is left as it is."""
        return await self._make(path, "mkdir", ownership(user, uid, gid, mode), repeatable=True)

    async def move(self, path: RemotePath, to: RemotePath) -> Entry:
        """Moves a file, link or directory in one step. Missing parents are made; a file at `to` is replaced."""
        return await self._change(path, {"path": text_path(to)}, repeatable=False)

    async def copy(
        self,
        path: RemotePath,
        to: RemotePath,
        *,
        user: Optional[str] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
        mode: Optional[Mode] = None,
    ) -> Entry:
        """Copies a file inside the filesystem; a file at `to` is replaced in one step."""
        return await self._make(to, "copy", ownership(user, uid, gid, mode), repeatable=True, origin=text_path(path))

    async def symlink(
        self,
        target: RemotePath,
        path: RemotePath,
        *,
        user: Optional[str] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
    ) -> Entry:
        """Makes a symbolic link at `path` that points to `target`, whatever is there."""
        return await self._make(path, "symlink", ownership(user, uid, gid, None), target=text_path(target))

    async def link(self, existing: RemotePath, path: RemotePath) -> Entry:
        """Makes `path` a further name of the file `existing`."""
        return await self._make(path, "link", ([], {}), origin=text_path(existing))

    async def chmod(self, path: RemotePath, mode: Mode, *, follow: bool = True) -> Entry:
        """Sets the permission bits."""
        return await self._change(path, {"mode": mode_text(mode)}, follow=follow)

    async def chown(
        self, path: RemotePath, uid: Optional[int] = None, gid: Optional[int] = None, *, follow: bool = True
    ) -> Entry:
        """Sets owner and group; what is `None` stays."""
        patch: FilePatch = {}
        if uid is not None:
            patch["uid"] = uid
        if gid is not None:
            patch["gid"] = gid
        return await self._change(path, patch, follow=follow)

    async def truncate(self, path: RemotePath, size: int = 0) -> Entry:
        """Sets the size in bytes: what is over it is cut off, what is missing reads as zeros."""
        return await self._change(path, {"size": size})

    async def _change(
        self, path: RemotePath, patch: FilePatch, *, follow: bool = True, repeatable: bool = True
    ) -> Entry:
        query = {} if follow else {"follow": False}
        call = self._file("PATCH", path, repeatable=repeatable, **query).with_json(patch)
        return Entry.from_wire(await self._connection.json(call))

    async def _make(
        self,
        path: RemotePath,
        op: str,
        owner: Tuple[List[Tuple[str, str]], Dict[str, str]],
        *,
        repeatable: bool = False,
        origin: Optional[str] = None,
        target: Optional[str] = None,
    ) -> Entry:
        query, headers = owner
        call = self._file("POST", path, repeatable=repeatable, op=op, target=target)
        call.params += params(**{"from": origin}) + query
        call.headers.update(headers)
        return Entry.from_wire(decoded(await self._connection.send(call)))

    # -- trees

    async def upload(
        self,
        local: LocalPath,
        path: RemotePath = "/",
        *,
        user: Optional[str] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
        keep_owner: bool = False,
        progress: Optional[Report] = None,
    ) -> Transfer:
        """Uploads a local directory into the directory `path`, or a local file as the file `path`.

        Modes, symbolic links and hard links come along; times, sockets, pipes and devices do not. Owners are root unless
        told otherwise; `keep_owner` takes those of the local files. Each file appears whole, and replaces one that is
        there. An upload of a directory is not sent again by itself: after a failure what came stays, and
        uploading again completes it.
        """
        from . import trees

        owner = tree_owner(user, uid, gid, keep_owner)
        return await trees.upload(self._connection, self.id, local, path, owner, progress)

    async def download(
        self, path: RemotePath, local: LocalPath, *, progress: Optional[Report] = None
    ) -> Transfer:
        """Downloads the directory `path` into the local directory `local`, or the file `path` as the file `local`.

        Modes and links come along, owners and times do not. Each local file appears whole, under its name, when it is
        complete. Nothing is written outside of `local`. A file goes on where its transfer broke; a directory raises
        `ConnectionFailedError`: what is complete stays, and downloading again completes it.
        """
        from . import trees

        entry = await self.stat(path)
        if entry.type == "directory":
            return await trees.download(self._connection, self.id, local, path, progress)
        stream = await self._open(self._file("GET", path, repeatable=True))
        return await trees.download_file(stream, entry, local, progress)

    async def import_tar(self, archive: Union[Content, AsyncIterable[bytes]], path: RemotePath = "/") -> Imported:
        """Unpacks a tar archive (not compressed) into a directory. What was unpacked before a failure stays."""
        call = Call("POST", f"/filesystems/{encode_id(self.id)}/import", params(path=text_path(path)))
        call.headers["content-type"] = "application/x-tar"
        call.source = source_of(archive)
        return Imported.from_wire(await self._connection.json(call))

    async def export_tar(self, path: RemotePath = "/") -> AsyncFileStream:
        """Packs a directory with everything in it into a tar archive; names are relative to it."""
        where = f"/filesystems/{encode_id(self.id)}/export"
        return await self._open(Call("GET", where, params(path=text_path(path)), repeatable=True))
