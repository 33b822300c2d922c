"""Filesystems: made, found, changed, branched, mounted and deleted."""
from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Mapping, Optional, Protocol, Tuple, Union

from .._call import Call, params
from .._dual import Dual
from .._paths import encode_id
from .._settings import Settings, settings
from .._sizes import Size, parse_size
from ..types import (
    Attachment,
    Compression,
    Durability,
    FilesystemInfo,
    FilesystemPatch,
    NewAttachment,
    NewFilesystem,
    NewFork,
    NewlyMadeAttachment,
    Snapshot,
    UidPolicyName,
    Undeletion,
    Usage,
)
from .connection import AsyncConnection, decoded
from .files import AsyncFiles, DeletePath, ListEntries
from .pages import AsyncPages

FILESYSTEMS_PAGE = 100
"""Filesystems that one page of a list asks for."""


class ListFilesystems(Protocol):
    """The signature of `AsyncFilesystem.list`."""

    def __call__(
        self,
        *,
        labels: Optional[Mapping[str, str]] = None,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> AsyncPages[AsyncFilesystem]:
        """Lists the team's filesystems by name, those with all of `labels`, fetched page by page."""


class DeleteFilesystem(Protocol):
    """The signature of `AsyncFilesystem.delete`."""

    async def __call__(
        self,
        filesystem: Union[str, AsyncFilesystem],
        *,
        force: bool = False,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> None:
        """Deletes a filesystem (id, name or object) with everything in it. Its name is free at once."""


def _list_filesystems(
    *,
    labels: Optional[Mapping[str, str]] = None,
    url: Optional[str] = None,
    api_key: Optional[str] = None,
    timeout: Optional[float] = None,
    retries: Optional[int] = None,
) -> AsyncPages[AsyncFilesystem]:
    """Lists the team's filesystems by name, those with all of `labels`, fetched page by page."""
    found = settings(url, api_key, timeout, retries)
    wanted = [("label", f"{key}={value}") for key, value in (labels or {}).items()]

    # One for all that are found. It opens nothing until one of them is used.
    shared = AsyncConnection(found)

    async def fetch(cursor: Optional[str]) -> Tuple[List[AsyncFilesystem], Optional[str]]:
        connection = AsyncConnection(found)
        try:
            query = params(limit=FILESYSTEMS_PAGE, cursor=cursor) + wanted
            response = await connection.send(Call("GET", "/filesystems", query, repeatable=True))
        finally:
            await connection.aclose()
        infos = [FilesystemInfo.from_wire(one) for one in decoded(response)]
        return [AsyncFilesystem(shared, info) for info in infos], response.headers.get("x-next-cursor")

    return AsyncPages(fetch)


async def _delete_filesystem(
    filesystem: Union[str, AsyncFilesystem],
    *,
    force: bool = False,
    url: Optional[str] = None,
    api_key: Optional[str] = None,
    timeout: Optional[float] = None,
    retries: Optional[int] = None,
) -> None:
    """Deletes a filesystem (id, name or object) with everything in it. Its name is free at once.

    One that has attachments is refused (`FilesystemAttachedError`) unless `force`, which revokes them first.
    """
    query = params(force=True) if force else []
    if isinstance(filesystem, AsyncFilesystem):
        await filesystem._connection.send(filesystem._call("DELETE", "", query, repeatable=True))
        return
    connection = AsyncConnection(settings(url, api_key, timeout, retries))
    try:
        # Under a name another one may appear between two tries.
        certain = filesystem.startswith("fs-")
        await connection.send(Call("DELETE", f"/filesystems/{encode_id(filesystem)}", query, repeatable=certain))
    finally:
        await connection.aclose()


class AsyncFilesystem(AsyncFiles):
    """A filesystem. Get one from `create` or `connect`; as a context manager it closes its connections at the end.

    What needs no object (`create`, `connect`, `get`, `list`, `delete`) takes `url`, `api_key`, `timeout` (seconds of
    silence) and `retries`; without them `HOLDFAST_URL`, `HOLDFAST_API_KEY` and defaults count. An object keeps what it
    was made with; `with_options` gives one with other waits.
    """

    list: Dual[ListFilesystems, ListEntries] = Dual(_list_filesystems, AsyncFiles._list_path)
    delete: Dual[DeleteFilesystem, DeletePath] = Dual(_delete_filesystem, AsyncFiles._delete_path)

    def __init__(self, connection: AsyncConnection, info: FilesystemInfo) -> None:
        self._connection = connection
        self.info = info
        """What was last heard of it: size, labels, settings, times."""

    @property
    def id(self) -> str:
        """`fs-` and a UUID; for ever."""
        return self.info.id

    @property
    def name(self) -> str:
        """Unique in the team."""
        return self.info.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.id}>"

    async def __aenter__(self) -> AsyncFilesystem:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. The filesystem stays."""
        await self._connection.aclose()

    def with_options(self, *, timeout: Optional[float] = None, retries: Optional[int] = None) -> AsyncFilesystem:
        """The same filesystem, over the same connections, with another `timeout` or number of `retries`."""
        mine = self._connection.settings
        other = settings(
            mine.url,
            mine.api_key,
            mine.timeout if timeout is None else timeout,
            mine.retries if retries is None else retries,
        )
        return AsyncFilesystem(self._connection.with_settings(other), self.info)

    # -- made and found

    @classmethod
    async def create(
        cls,
        name: str,
        size: Optional[Size] = None,
        *,
        labels: Optional[Mapping[str, str]] = None,
        durability: Optional[Durability] = None,
        compression: Optional[Compression] = None,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> AsyncFilesystem:
        """Makes a filesystem. `size` is its limit: bytes, or text such as `5gb`; the server's default if absent."""
        body: NewFilesystem = {"name": name}
        if size is not None:
            body["sizeBytes"] = parse_size(size)
        _settle(body, labels, durability, compression)
        call = Call("POST", "/filesystems").with_json(body)
        return await cls._from(settings(url, api_key, timeout, retries), call)

    @classmethod
    async def connect(
        cls,
        id_or_name: str,
        *,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> AsyncFilesystem:
        """An object for a filesystem that exists."""
        call = Call("GET", f"/filesystems/{encode_id(id_or_name)}", repeatable=True)
        return await cls._from(settings(url, api_key, timeout, retries), call)

    @classmethod
    async def get(
        cls,
        id_or_name: str,
        *,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> FilesystemInfo:
        """Shows a filesystem."""
        async with await cls.connect(id_or_name, url=url, api_key=api_key, timeout=timeout, retries=retries) as found:
            return found.info

    @classmethod
    async def undelete(
        cls,
        id: str,
        *,
        name: Optional[str] = None,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> AsyncFilesystem:
        """Brings a filesystem back that was deleted a short time ago, with everything in it. `name`: a new one."""
        body: Undeletion = {} if name is None else {"name": name}
        call = Call("POST", f"/filesystems/{encode_id(id)}/undelete").with_json(body)
        return await cls._from(settings(url, api_key, timeout, retries), call)

    @classmethod
    async def _from(cls, found: Settings, call: Call) -> AsyncFilesystem:
        connection = AsyncConnection(found)
        try:
            return cls(connection, FilesystemInfo.from_wire(await connection.json(call)))
        except BaseException:
            await connection.aclose()
            raise

    def _call(self, method: str, below: str, query: Any = (), *, repeatable: bool = False) -> Call:
        # By its id: its name may be another one's by now.
        return Call(method, f"/filesystems/{encode_id(self.id)}{below}", [*query], repeatable=repeatable)

    # -- changed

    async def update(
        self,
        *,
        name: Optional[str] = None,
        size: Optional[Size] = None,
        labels: Optional[Mapping[str, str]] = None,
        durability: Optional[Durability] = None,
        compression: Optional[Compression] = None,
    ) -> AsyncFilesystem:
        """Changes everything that is given, or nothing where something is refused. `labels` replace all labels."""
        body: FilesystemPatch = {}
        if name is not None:
            body["name"] = name
        if size is not None:
            body["sizeBytes"] = parse_size(size)
        _settle(body, labels, durability, compression)
        call = self._call("PATCH", "", repeatable=True).with_json(body)
        return await self._renewed(call)

    async def refresh(self) -> AsyncFilesystem:
        """Asks again what `info` says."""
        return await self._renewed(self._call("GET", "", repeatable=True))

    async def _renewed(self, call: Call) -> AsyncFilesystem:
        self.info = FilesystemInfo.from_wire(await self._connection.json(call))
        return self

    async def resize(self, size: Size) -> AsyncFilesystem:
        """Sets the limit of bytes; never below what is in use (`BelowUsageError`)."""
        return await self.update(size=size)

    async def rename(self, name: str) -> AsyncFilesystem:
        """Gives it another name."""
        return await self.update(name=name)

    async def usage(self) -> Usage:
        """How much it holds."""
        return Usage.from_wire(await self._connection.json(self._call("GET", "/usage", repeatable=True)))

    # -- branched

    async def fork(
        self, name: str, *, snapshot: Optional[str] = None, labels: Optional[Mapping[str, str]] = None
    ) -> AsyncFilesystem:
        """A new filesystem that begins as this one is, or as its `snapshot` (id or name) is. Nothing is copied."""
        body: NewFork = {"name": name}
        if snapshot is not None:
            body["snapshot"] = snapshot
        if labels is not None:
            body["labels"] = dict(labels)
        return await AsyncFilesystem._from(self._connection.settings, self._call("POST", "/fork").with_json(body))

    async def snapshot(self, name: str) -> Snapshot:
        """Keeps the filesystem as it is now, under a name."""
        call = self._call("POST", "/snapshots").with_json({"name": name})
        return Snapshot.from_wire(await self._connection.json(call))

    async def snapshots(self) -> List[Snapshot]:
        """The snapshots that there are."""
        found = await self._connection.json(self._call("GET", "/snapshots", repeatable=True))
        return [Snapshot.from_wire(one) for one in found]

    async def restore(self, snapshot: str) -> AsyncFilesystem:
        """Makes the filesystem what a snapshot (id or name) is. Changes since then that are in no snapshot are gone."""
        call = self._call("POST", "/restore").with_json({"snapshot": snapshot})
        return await self._renewed(call)

    async def delete_snapshot(self, snapshot: str) -> None:
        """Deletes a snapshot (id or name)."""
        await self._connection.send(self._call("DELETE", f"/snapshots/{encode_id(snapshot)}", repeatable=True))

    # -- mounted

    async def attach(
        self,
        *,
        read_only: bool = False,
        subpath: Optional[str] = None,
        uid_policy: Optional[UidPolicyName] = None,
        uid: Optional[int] = None,
        gid: Optional[int] = None,
        allowed_addresses: Optional[List[str]] = None,
        expires_in_seconds: Optional[int] = None,
        owner: Optional[str] = None,
    ) -> NewlyMadeAttachment:
        """Grants a mount, until it is detached or expires. The answer alone holds the secret and the mount command."""
        body: NewAttachment = {"readOnly": True} if read_only else {}
        if subpath is not None:
            body["subpath"] = subpath
        if uid_policy is not None:
            body["uidPolicy"] = uid_policy
        if uid is not None:
            body["uid"] = uid
        if gid is not None:
            body["gid"] = gid
        if allowed_addresses is not None:
            body["allowedAddresses"] = [*allowed_addresses]
        if expires_in_seconds is not None:
            body["expiresInSeconds"] = expires_in_seconds
        if owner is not None:
            body["owner"] = owner
        call = self._call("POST", "/attachments").with_json(body)
        return NewlyMadeAttachment.from_wire(await self._connection.json(call))

    async def attachments(self) -> List[Attachment]:
        """The grants that hold now, oldest first."""
        found = await self._connection.json(self._call("GET", "/attachments", repeatable=True))
        return [Attachment.from_wire(one) for one in found]

    async def attachment(self, attachment: str) -> Attachment:
        """Shows a grant."""
        call = self._call("GET", f"/attachments/{encode_id(attachment)}", repeatable=True)
        return Attachment.from_wire(await self._connection.json(call))

    async def detach(self, attachment: Union[str, Attachment]) -> None:
        """Revokes a grant: its mounts fail from now on."""
        which = attachment if isinstance(attachment, str) else attachment.id
        await self._connection.send(self._call("DELETE", f"/attachments/{encode_id(which)}", repeatable=True))


def _settle(
    body: Union[NewFilesystem, FilesystemPatch],
    labels: Optional[Mapping[str, str]],
    durability: Optional[Durability],
    compression: Optional[Compression],
) -> None:
    """Puts the settings that are given into a body."""
    if labels is not None:
        body["labels"] = dict(labels)
    if durability is not None:
        body["durability"] = durability
    if compression is not None:
        body["compression"] = compression
