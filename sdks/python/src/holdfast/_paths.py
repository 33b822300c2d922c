"""Paths in a filesystem, for URLs. The rules for paths are the server's; nothing here changes what a path means."""
from __future__ import annotations

from typing import Union
from urllib.parse import quote

RemotePath = Union[str, bytes]
"""A path from the root of the filesystem; a missing leading `/` is added. Bytes for names that are not UTF-8."""


def encode_path(path: RemotePath) -> str:
    """The path percent-encoded, without its leading `/`.

    Clients of HTTP drop `.` and `..` before they send a URL. Encoded they reach the server, which refuses `..`.
    """
    raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
    components = raw[1:].split(b"/") if raw.startswith(b"/") else raw.split(b"/")
    return "/".join("%2E" * len(one) if one in (b".", b"..") else quote(one, safe="~") for one in components)


def text_path(path: RemotePath) -> str:
    """The path for a field of JSON or a parameter, which hold text only."""
    return path.decode("utf-8") if isinstance(path, bytes) else path


def encode_id(name: str) -> str:
    """An id or name as one segment of a URL."""
    if not name or name in (".", ".."):
        raise ValueError(f"{name!r} is neither an id nor a name")
    return quote(name, safe="")
