"""One request as a value, and what its failures mean. Shared by the synchronous and the asynchronous connection."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode

from ._body import Source, source_of
from ._errors import ApiError, ConnectionFailedError, RequestTimeoutError
from ._version import VERSION

USER_AGENT = f"holdfast-python/{VERSION}"


@dataclass
class Call:
    """A request."""

    method: str
    path: str
    """From the root of the server, percent-encoded."""
    params: List[Tuple[str, str]] = field(default_factory=list)
    headers: Dict[str, str] = field(default_factory=dict)
    source: Optional[Source] = None
    repeatable: bool = False
    """Whether carrying it out twice comes to the same as once."""

    @property
    def may_send(self) -> bool:
        """Whether its body is there, whole."""
        return self.source is None or self.source.may_send

    def url(self, base: str) -> str:
        """The whole URL."""
        query = urlencode(self.params, quote_via=quote)
        return f"{base}{self.path}{'?' + query if query else ''}"

    def with_json(self, body: object) -> Call:
        """With a body of JSON."""
        self.source = source_of(json.dumps(body))
        self.headers["content-type"] = "application/json"
        return self

    def done_before(self, failure: ApiError) -> bool:
        """Whether a refusal of a request that was sent before says that the first one was carried out."""
        return self.method == "DELETE" and failure.status == 404 and failure.kind != "route_not_found"


def params(**given: Optional[object]) -> List[Tuple[str, str]]:
    """Parameters of a query; those that are `None` are left out."""
    return [(name, _text(value)) for name, value in given.items() if value is not None]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def headers_of(call: Call, api_key: Optional[str]) -> Dict[str, str]:
    """What is sent with every request, and what this one adds."""
    # Bytes of files are counted and resumed, so they come as they are.
    headers = {"accept-encoding": "identity", "user-agent": USER_AGENT, **call.headers}
    if api_key:
        headers["x-api-key"] = api_key
    if call.source and call.source.length is not None:
        headers["content-length"] = str(call.source.length)
    return headers


def explain(error: Exception, call: Call) -> ConnectionFailedError:
    """A failure of the transport as an exception of ours."""
    import httpx

    what = f"{call.method} {call.path}: {str(error) or type(error).__name__}"
    unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    sent = not isinstance(error, unsent)
    if isinstance(error, httpx.TimeoutException):
        return RequestTimeoutError(f"{what} (the server was silent)" if sent else what, sent=sent)
    return ConnectionFailedError(what, sent=sent)


def resumed(call: Call, etag: str, position: int, end: int) -> Call:
    """The request for the rest of a file that broke off, of the same version."""
    headers = {**call.headers, "range": f"bytes={position}-{end - 1}", "if-match": etag}
    return Call("GET", call.path, call.params, headers, repeatable=True)


def first_byte(status: int, headers: Mapping[str, str]) -> int:
    """Where in the file the content of an answer begins."""
    if status != 206:
        return 0
    return int(headers["content-range"].split(" ", 1)[1].split("-", 1)[0])
