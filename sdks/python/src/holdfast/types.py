"""The shapes of the HTTP API: answers as frozen dataclasses, bodies of requests as `TypedDict`s.

Generated from the server's OpenAPI document by `generate`; do not edit.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, Literal, Mapping, Optional, TypedDict

__all__ = [
    "Attachment",
    "Compression",
    "Durability",
    "Entries",
    "Entry",
    "FileKind",
    "FilePatch",
    "FilesystemInfo",
    "FilesystemPatch",
    "Health",
    "Imported",
    "Key",
    "MadeKey",
    "NewAttachment",
    "NewFilesystem",
    "NewFork",
    "NewKey",
    "NewSnapshot",
    "NewTeam",
    "NewlyMadeAttachment",
    "Restore",
    "Snapshot",
    "Team",
    "UidPolicyName",
    "Undeletion",
    "Usage",
]

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")


def _time(text: str) -> datetime:
    """A time as RFC 3339 writes it. Python keeps microseconds; finer digits are cut off."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"not a time: {text!r}")
    day, fraction, zone = found.groups()
    exact = f"{day}.{(fraction or '')[:6]:0<6}{'+00:00' if zone == 'Z' else zone}"
    return datetime.fromisoformat(exact).astimezone(timezone.utc)


def _time_or_none(text: Optional[str]) -> Optional[datetime]:
    return None if text is None else _time(text)


Compression = Literal["none", "lz4", "zstd"]
"""How file data is compressed in the object store."""


Durability = Literal["local", "object", "relaxed"]
"""What an answered change survives. `local` (the default): a crash and a loss of power, it is on the node's disk.
`object`: the loss of the node as well, it is in the object store. `relaxed`: a crash of the server; a loss of
power only after a COMMIT or a synchronous write.
"""


FileKind = Literal["file", "directory", "symlink", "fifo", "socket", "charDevice", "blockDevice"]
"""What an inode is."""


UidPolicyName = Literal["root", "squash", "map"]
"""As whom the users of a mount act."""


class FilePatch(TypedDict, total=False):
    """What changes: either `path`, or any of the others. Absent fields stay as they are."""

    gid: int
    mode: str
    path: str
    size: int
    uid: int


class FilesystemPatch(TypedDict, total=False):
    """What changes; absent fields stay as they are. At most one of the sizes."""

    compression: Compression
    durability: Durability
    labels: Dict[str, str]
    name: str
    size: str
    sizeBytes: int
    sizeGB: float


class NewAttachment(TypedDict, total=False):
    """What a new attachment is to be; all of it may be left out."""

    allowedAddresses: List[str]
    expiresInSeconds: int
    gid: int
    owner: str
    readOnly: bool
    subpath: str
    uid: int
    uidPolicy: UidPolicyName


class _NewFilesystemRequired(TypedDict):
    name: str


class NewFilesystem(_NewFilesystemRequired, total=False):
    """What a new filesystem is to be. At most one of the sizes; none means the server's default."""

    compression: Compression
    durability: Durability
    labels: Dict[str, str]
    size: str
    sizeBytes: int
    sizeGB: float


class _NewForkRequired(TypedDict):
    name: str


class NewFork(_NewForkRequired, total=False):
    """What a fork is to be."""

    labels: Dict[str, str]
    snapshot: str


class _NewKeyRequired(TypedDict):
    name: str


class NewKey(_NewKeyRequired, total=False):
    """What a new key is to open: exactly one of `team` and `admin`."""

    admin: bool
    team: str


class NewSnapshot(TypedDict):
    """What a new snapshot is to be."""

    name: str


class NewTeam(TypedDict):
    """What a new team is to be."""

    name: str


class Restore(TypedDict):
    """What a restore goes back to."""

    snapshot: str


class Undeletion(TypedDict, total=False):
    """How a filesystem is to come back."""

    name: str


@dataclass(frozen=True)
class Attachment:
    """An attachment."""

    allowed_addresses: List[str]
    """Networks it may be used from; any if empty."""
    created_at: datetime
    """When it was made (RFC 3339)."""
    filesystem_id: str
    """The filesystem that it mounts."""
    host: str
    """Host to mount from."""
    id: str
    """`att-` and a UUID."""
    owner: str
    """Who it is for."""
    port: int
    """Port of NFS and MOUNT there."""
    read_only: bool
    """Whether every change is refused."""
    subpath: str
    """The directory that is mounted, as it was called when the attachment was made."""
    uid_policy: UidPolicyName
    """As whom its users act."""
    expires_at: Optional[datetime] = None
    """When it ends by itself (RFC 3339); absent if it does not."""
    gid: Optional[int] = None
    """Group that everybody is in; only with `map`."""
    last_activity_at: Optional[datetime] = None
    """When it was last used (RFC 3339); absent before the first use."""
    uid: Optional[int] = None
    """User that everybody is; only with `map`."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Attachment:
        """Reads the decoded JSON of an answer."""
        return cls(
            allowed_addresses=raw["allowedAddresses"],
            created_at=_time(raw["createdAt"]),
            filesystem_id=raw["filesystemId"],
            host=raw["host"],
            id=raw["id"],
            owner=raw["owner"],
            port=raw["port"],
            read_only=raw["readOnly"],
            subpath=raw["subpath"],
            uid_policy=raw["uidPolicy"],
            expires_at=_time_or_none(raw.get("expiresAt")),
            gid=raw.get("gid"),
            last_activity_at=_time_or_none(raw.get("lastActivityAt")),
            uid=raw.get("uid"),
        )


@dataclass(frozen=True)
class Entries:
    """Part of a directory or tree."""

    entries: List[Entry]
    """The entries."""
    cursor: Optional[str] = None
    """Where the list goes on; absent on the last page."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Entries:
        """Reads the decoded JSON of an answer."""
        return cls(
            entries=[Entry.from_wire(item) for item in raw["entries"]],
            cursor=raw.get("cursor"),
        )


@dataclass(frozen=True)
class Entry:
    """A file, directory or other entry."""

    accessed_at: datetime
    """Last access (RFC 3339)."""
    changed_at: datetime
    """Last change of the content, the owner, the mode or the links (RFC 3339)."""
    gid: int
    """Group."""
    links: int
    """Hard links."""
    mode: str
    """Permission bits in octal, with setuid, setgid and sticky."""
    modified_at: datetime
    """Last change of the content (RFC 3339)."""
    name: str
    """Its name. Bytes that are not UTF-8 show as U+FFFD; `encodedName` is exact then."""
    path: str
    """Its path from the root of the filesystem."""
    size: int
    """Size in bytes."""
    type: FileKind
    """Kind of file."""
    uid: int
    """Owner."""
    encoded_name: Optional[str] = None
    """The percent-encoded name, for names that are not UTF-8."""
    etag: Optional[str] = None
    """The version of a file's content, as in the header `ETag`."""
    target: Optional[str] = None
    """Where a symbolic link points, where that is known."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Entry:
        """Reads the decoded JSON of an answer."""
        return cls(
            accessed_at=_time(raw["accessedAt"]),
            changed_at=_time(raw["changedAt"]),
            gid=raw["gid"],
            links=raw["links"],
            mode=raw["mode"],
            modified_at=_time(raw["modifiedAt"]),
            name=raw["name"],
            path=raw["path"],
            size=raw["size"],
            type=raw["type"],
            uid=raw["uid"],
            encoded_name=raw.get("encodedName"),
            etag=raw.get("etag"),
            target=raw.get("target"),
        )


@dataclass(frozen=True)
class FilesystemInfo:
    """A filesystem."""

    compression: Compression
    """How its data is compressed."""
    created_at: datetime
    """When it was made (RFC 3339)."""
    durability: Durability
    """What an answered change survives."""
    id: str
    """`fs-` and a UUID; for ever."""
    labels: Dict[str, str]
    """Its labels."""
    name: str
    """Unique in the team."""
    size_bytes: int
    """Limit of the bytes in it."""
    size_gb: float
    """The same in units of 10^9 bytes, exactly."""
    updated_at: datetime
    """When it last changed (RFC 3339)."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> FilesystemInfo:
        """Reads the decoded JSON of an answer."""
        return cls(
            compression=raw["compression"],
            created_at=_time(raw["createdAt"]),
            durability=raw["durability"],
            id=raw["id"],
            labels=raw["labels"],
            name=raw["name"],
            size_bytes=raw["sizeBytes"],
            size_gb=raw["sizeGB"],
            updated_at=_time(raw["updatedAt"]),
        )


@dataclass(frozen=True)
class Health:
    """Whether the server is up."""

    status: str
    """`ok`."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Health:
        """Reads the decoded JSON of an answer."""
        return cls(
            status=raw["status"],
        )


@dataclass(frozen=True)
class Imported:
    """What an import brought in."""

    bytes: int
    """Bytes of file content."""
    directories: int
    """Directories that were members of the archive."""
    files: int
    """Regular files."""
    links: int
    """Symbolic and hard links."""
    skipped: int
    """Devices, pipes and other members that were left out."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Imported:
        """Reads the decoded JSON of an answer."""
        return cls(
            bytes=raw["bytes"],
            directories=raw["directories"],
            files=raw["files"],
            links=raw["links"],
            skipped=raw["skipped"],
        )


@dataclass(frozen=True)
class Key:
    """What is kept of a key: all but the key itself."""

    admin: bool
    """Whether it is an administrator's key, which opens `/teams` and `/keys` and no team's filesystems."""
    created_at: datetime
    """When it was made (RFC 3339)."""
    id: str
    """`key-` and a UUID."""
    name: str
    """A name for people; need not be unique."""
    last_used_at: Optional[datetime] = None
    """When it was last used, to about a minute; absent if never."""
    revoked_at: Optional[datetime] = None
    """When it was revoked; absent while it is good."""
    team_id: Optional[str] = None
    """The team that it opens; absent for an administrator's key."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Key:
        """Reads the decoded JSON of an answer."""
        return cls(
            admin=raw["admin"],
            created_at=_time(raw["createdAt"]),
            id=raw["id"],
            name=raw["name"],
            last_used_at=_time_or_none(raw.get("lastUsedAt")),
            revoked_at=_time_or_none(raw.get("revokedAt")),
            team_id=raw.get("teamId"),
        )


@dataclass(frozen=True)
class MadeKey:
    """A key that was just made. Nobody can see the field `key` again."""

    admin: bool
    """Whether it is an administrator's key, which opens `/teams` and `/keys` and no team's filesystems."""
    created_at: datetime
    """When it was made (RFC 3339)."""
    id: str
    """`key-` and a UUID."""
    name: str
    """A name for people; need not be unique."""
    key: str = field(repr=False)
    """The key, for `X-API-Key`."""
    last_used_at: Optional[datetime] = None
    """When it was last used, to about a minute; absent if never."""
    revoked_at: Optional[datetime] = None
    """When it was revoked; absent while it is good."""
    team_id: Optional[str] = None
    """The team that it opens; absent for an administrator's key."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> MadeKey:
        """Reads the decoded JSON of an answer."""
        return cls(
            admin=raw["admin"],
            created_at=_time(raw["createdAt"]),
            id=raw["id"],
            name=raw["name"],
            key=raw["key"],
            last_used_at=_time_or_none(raw.get("lastUsedAt")),
            revoked_at=_time_or_none(raw.get("revokedAt")),
            team_id=raw.get("teamId"),
        )


@dataclass(frozen=True)
class NewlyMadeAttachment:
    """An attachment that was just made, with what mounts it."""

    allowed_addresses: List[str]
    """Networks it may be used from; any if empty."""
    created_at: datetime
    """When it was made (RFC 3339)."""
    filesystem_id: str
    """The filesystem that it mounts."""
    host: str
    """Host to mount from."""
    id: str
    """`att-` and a UUID."""
    owner: str
    """Who it is for."""
    port: int
    """Port of NFS and MOUNT there."""
    read_only: bool
    """Whether every change is refused."""
    subpath: str
    """The directory that is mounted, as it was called when the attachment was made."""
    uid_policy: UidPolicyName
    """As whom its users act."""
    export_path: str = field(repr=False)
    """The path to mount, which is a secret."""
    mount_command: str = field(repr=False)
    """A command for a shell that mounts it at `/mnt/` and the filesystem's name."""
    expires_at: Optional[datetime] = None
    """When it ends by itself (RFC 3339); absent if it does not."""
    gid: Optional[int] = None
    """Group that everybody is in; only with `map`."""
    last_activity_at: Optional[datetime] = None
    """When it was last used (RFC 3339); absent before the first use."""
    uid: Optional[int] = None
    """User that everybody is; only with `map`."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> NewlyMadeAttachment:
        """Reads the decoded JSON of an answer."""
        return cls(
            allowed_addresses=raw["allowedAddresses"],
            created_at=_time(raw["createdAt"]),
            filesystem_id=raw["filesystemId"],
            host=raw["host"],
            id=raw["id"],
            owner=raw["owner"],
            port=raw["port"],
            read_only=raw["readOnly"],
            subpath=raw["subpath"],
            uid_policy=raw["uidPolicy"],
            export_path=raw["exportPath"],
            mount_command=raw["mountCommand"],
            expires_at=_time_or_none(raw.get("expiresAt")),
            gid=raw.get("gid"),
            last_activity_at=_time_or_none(raw.get("lastActivityAt")),
            uid=raw.get("uid"),
        )


@dataclass(frozen=True)
class Snapshot:
    """A snapshot."""

    created_at: datetime
    """When it was made (RFC 3339)."""
    id: str
    """`snap-` and a UUID."""
    name: str
    """Unique in the filesystem."""
    used_bytes: int
    """Bytes of file data in it. Those that the filesystem or another snapshot has as well are stored once."""
    used_inodes: int
    """Files, directories and other inodes in it."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Snapshot:
        """Reads the decoded JSON of an answer."""
        return cls(
            created_at=_time(raw["createdAt"]),
            id=raw["id"],
            name=raw["name"],
            used_bytes=raw["usedBytes"],
            used_inodes=raw["usedInodes"],
        )


@dataclass(frozen=True)
class Team:
    """A team: the tenant that owns filesystems and keys."""

    created_at: datetime
    """When it was made (RFC 3339)."""
    id: str
    """`team-` and a UUID; for ever."""
    name: str
    """Unique on the server."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Team:
        """Reads the decoded JSON of an answer."""
        return cls(
            created_at=_time(raw["createdAt"]),
            id=raw["id"],
            name=raw["name"],
        )


@dataclass(frozen=True)
class Usage:
    """What a filesystem holds."""

    available_bytes: int
    """Bytes that can still be written."""
    limit_inodes: int
    """Limit of inodes."""
    size_bytes: int
    """Limit of bytes."""
    used_bytes: int
    """Bytes of file data in use."""
    used_inodes: int
    """Files, directories and other inodes in use."""

    @classmethod
    def from_wire(cls, raw: Mapping[str, Any]) -> Usage:
        """Reads the decoded JSON of an answer."""
        return cls(
            available_bytes=raw["availableBytes"],
            limit_inodes=raw["limitInodes"],
            size_bytes=raw["sizeBytes"],
            used_bytes=raw["usedBytes"],
            used_inodes=raw["usedInodes"],
        )
