"""Whose a file is to be, as parameters and headers of a request."""
from __future__ import annotations

from typing import Dict, List, Optional, Tuple, Union

from ._call import params
from ._errors import InvalidArgumentError
from ._transfer import Owner

Mode = Union[int, str]
"""Permission bits: a number such as `0o644`, or text in octal such as `"644"`."""

MODE_MAX = 0o7777
# Users that a server knows by name.
USERS = {"root": 0, "user": 1000}


def mode_text(mode: Mode) -> str:
    """Permission bits as the server reads them."""
    try:
        bits = int(mode, 8) if isinstance(mode, str) else mode
    except ValueError:
        bits = -1
    if isinstance(bits, bool) or not 0 <= bits <= MODE_MAX:
        raise InvalidArgumentError(f"a mode is from 0 to 0o7777, or its octal digits as text; not {mode!r}")
    return f"{bits:04o}"


def ownership(
    user: Optional[str], uid: Optional[int], gid: Optional[int], mode: Optional[Mode]
) -> Tuple[List[Tuple[str, str]], Dict[str, str]]:
    """Parameters and headers that say owner and mode. The server refuses `user` beside `uid` and `gid`."""
    octal = None if mode is None else mode_text(mode)
    return params(uid=uid, gid=gid, mode=octal), {} if user is None else {"x-e2b-user": user}


def tree_owner(user: Optional[str], uid: Optional[int], gid: Optional[int], keep: bool) -> Owner:
    """The owner of an uploaded tree: as told, the local one with `keep`, or root."""
    if (user is not None) + (uid is not None or gid is not None) + keep > 1:
        raise InvalidArgumentError("`user`, `uid` with `gid`, and `keep_owner` exclude each other")
    if keep:
        return Owner(None, None)
    if user is None:
        return Owner(uid or 0, gid or 0)
    if user not in USERS:
        raise InvalidArgumentError(f"`user` is root or user; give other owners as `uid` and `gid`; not {user!r}")
    return Owner(USERS[user], USERS[user])
