"""Sizes of filesystems: bytes as a number, or text such as `5gb` and `1.5gib`; exact, never through a float."""
from __future__ import annotations

import re
from typing import Union

from ._errors import InvalidArgumentError

Size = Union[int, str]
"""Bytes, or text: `5gb` is 5 * 10^9 bytes, `5gib` 5 * 2^30. Also kb, mb, tb, kib, mib, tib."""

SIZE_MAX_BYTES = 2**63 - 1
_UNITS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgt", 1):
    _UNITS[f"{_letter}b"] = 1000**_power
    _UNITS[f"{_letter}ib"] = 1024**_power
_TEXT = re.compile(r"\s*([0-9]{1,20})(?:\.([0-9]{1,18}))?\s*([a-z]*)\s*", re.ASCII)


def parse_size(size: Size) -> int:
    """A size in bytes.

    Raises `InvalidArgumentError` for what is no size: zero, negative, no whole number of bytes, over 63 bits, or of
    another type.
    """
    if isinstance(size, bool) or not isinstance(size, (int, str)):
        rule = "a size is a whole number of bytes, or text such as '5gb' or '1.5gib'"
        raise InvalidArgumentError(f"{rule}; not {size!r}")
    parsed = size if isinstance(size, int) else _parse_text(size)
    if not 0 < parsed <= SIZE_MAX_BYTES:
        raise InvalidArgumentError(f"a size is from 1 to 2^63 - 1 bytes; not {size!r}")
    return parsed


def _parse_text(text: str) -> int:
    found = _TEXT.fullmatch(text.lower())
    if not found or found.group(3) not in _UNITS:
        help = "write a number and a unit, such as 500mb, 5gb (10^9 bytes) or 5gib (2^30)"
        raise InvalidArgumentError(f"{text!r} is not a size: {help}")
    whole, fraction, unit = found.groups(default="")
    parsed, rest = divmod(int(whole + fraction) * _UNITS[unit], int(10 ** len(fraction)))
    if rest:
        raise InvalidArgumentError(f"{text!r} is not a whole number of bytes")
    return parsed
