"""Which requests are sent again, and after how long. Pure: neither waits nor sends.

A request is sent again only where that cannot do something twice:

- it certainly did not reach the server (no connection), or the server put it off (429): every request;
- the answer was lost, or the server is unavailable (502, 503, 504): requests that come to the same when they are
  carried out twice. The server has no idempotency keys, so makings (`create`, `fork`, `snapshot`, keys, teams,
  attachments), `move`, `symlink`, `link`, `restore`, and writes with a condition are not among them.
"""
from __future__ import annotations

from datetime import datetime, timezone
from typing import Mapping, Optional

FIRST_WAIT_SECONDS = 0.2
WAIT_MAX_SECONDS = 8.0
RETRY_AFTER_MAX_SECONDS = 60.0
"""A server that wants a longer wait than this gets no second request; the caller learns of the wait."""

PUT_OFF = 429
UNAVAILABLE = frozenset({502, 503, 504})


def may_repeat(status: int, repeatable: bool) -> bool:
    """Whether a request with this answer may be sent again."""
    return status == PUT_OFF or (status in UNAVAILABLE and repeatable)


def wait_seconds(attempt: int, retry_after: Optional[float]) -> Optional[float]:
    """How long to wait before sending again for the `attempt`-th time, from 1; `None`: not at all.

    Waits double, with a random part so that many clients do not come back at once. `Retry-After` is a lower bound.
    """
    if retry_after is not None and retry_after > RETRY_AFTER_MAX_SECONDS:
        return None
    import random

    longest = min(WAIT_MAX_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, 16))
    jittered = random.uniform(longest / 2, longest)
    return jittered if retry_after is None else retry_after + random.uniform(0, FIRST_WAIT_SECONDS)


def read_retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """The header `Retry-After` in seconds; it holds a number or a date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    if not value:
        return None
    # Rare, and slow to import.
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
