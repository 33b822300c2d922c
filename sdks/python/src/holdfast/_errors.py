"""What this package raises, and the way from an answer to an exception.

The class of an `ApiError` is found by the field `error` of the answer's body. A kind that this version does not know
is still an `ApiError`, of the class that its status has in common.
"""
from __future__ import annotations

import json
from typing import Any, Dict, Optional

__all__ = [
    "ApiError",
    "ArchiveError",
    "ConfigurationError",
    "ConnectionFailedError",
    "HoldfastError",
    "InvalidArgumentError",
    "RequestTimeoutError",
]


class HoldfastError(Exception):
    """Everything that this package raises on purpose."""


class InvalidArgumentError(HoldfastError, ValueError):
    """An argument makes no sense, such as a size that is none. No request was sent."""


class ConfigurationError(InvalidArgumentError):
    """The URL or the key is missing or malformed."""


class ArchiveError(HoldfastError):
    """A tree could not be put into an archive, or an archive is damaged or would write outside of its directory."""


class ConnectionFailedError(HoldfastError):
    """No whole answer came. Whether the request was carried out is not known unless `sent` is false."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent
        """False where the request certainly never reached the server."""


class RequestTimeoutError(ConnectionFailedError):
    """The server was silent for longer than `timeout`."""


class ApiError(HoldfastError):
    """The server refused a request or failed."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        kind: str,
        request_id: Optional[str] = None,
        limit: Optional[int] = None,
        used: Optional[int] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What is wrong, where, and what helps."""
        self.status = status
        """The status of HTTP."""
        self.kind = kind
        """The stable text for programs, such as `path_not_found`; empty where the answer had none."""
        self.request_id = request_id
        """The server's log has this at everything that it did for the request."""
        self.limit = limit
        """The limit that the message tells of."""
        self.used = used
        """What is in use of that limit."""
        self.retry_after = retry_after
        """Seconds after which trying again may help, where the server says so."""

    def __str__(self) -> str:
        shown = f"{self.message} [{self.status}{f' {self.kind}' if self.kind else ''}"
        return f"{shown}, request {self.request_id}]" if self.request_id else f"{shown}]"


def from_answer(status: int, headers: Any, content: bytes, retry_after: Optional[float]) -> ApiError:
    """The exception for an answer whose status is 400 or more. Whatever the body is, there is one."""
    from ._error_table import KINDS, STATUSES

    body: Dict[str, Any] = {}
    try:
        decoded = json.loads(content)
        if isinstance(decoded, dict):
            body = decoded
    except ValueError:
        # A proxy in between answers in its own words.
        pass
    kind = body.get("error")
    kind = kind if isinstance(kind, str) else ""
    message = body.get("message")
    if not isinstance(message, str):
        message = f"the server answered {status}: {content[:200].decode(errors='replace').strip() or 'nothing else'}"
    return KINDS.get(kind, STATUSES.get(status, ApiError))(
        message,
        status=status,
        kind=kind,
        request_id=headers.get("x-request-id"),
        limit=_number(body.get("limit")),
        used=_number(body.get("used")),
        retry_after=retry_after,
    )


def _number(value: object) -> Optional[int]:
    return value if isinstance(value, int) else None
