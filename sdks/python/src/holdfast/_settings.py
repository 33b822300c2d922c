"""Where the server is, who asks, and how long to wait: arguments first, then the environment, then defaults."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Optional

from ._errors import ConfigurationError

DEFAULT_URL = "http://127.0.0.1:7070"
DEFAULT_TIMEOUT_SECONDS = 75.0
"""A little more than the time in which a server answers that it took too long."""
CONNECT_TIMEOUT_SECONDS = 10.0
DEFAULT_RETRIES = 4
RETRIES_MAX = 20


@dataclass(frozen=True)
class Settings:
    """What every request needs to know."""

    url: str
    api_key: Optional[str] = field(repr=False)
    timeout: float
    """Seconds of silence after which a request fails."""
    retries: int
    """Times that a request is sent again, where that is safe."""


def settings(
    url: Optional[str],
    api_key: Optional[str],
    timeout: Optional[float],
    retries: Optional[int],
    *,
    key_variable: Optional[str] = "HOLDFAST_API_KEY",
) -> Settings:
    """Settings from arguments, or from `HOLDFAST_URL` and the variable that holds the key (none for no key)."""
    where = (url or os.environ.get("HOLDFAST_URL") or DEFAULT_URL).rstrip("/")
    if not re.match(r"https?://[^/?#]", where, re.IGNORECASE):
        raise ConfigurationError(f"the URL of the server begins with http:// or https://; not {where!r}")
    key = api_key or (os.environ.get(key_variable) if key_variable else None)
    if key_variable:
        if not key:
            raise ConfigurationError(f"no API key: give `api_key`, or set {key_variable}")
        if not key.isascii() or not key.isprintable():
            raise ConfigurationError("the API key holds a character that no key has")
    wait = DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout
    if not wait > 0:
        raise ValueError("`timeout` is a number of seconds over 0")
    times = DEFAULT_RETRIES if retries is None else retries
    if not 0 <= times <= RETRIES_MAX:
        raise ValueError(f"`retries` is from 0 to {RETRIES_MAX}")
    return Settings(where, key, float(wait), times)
