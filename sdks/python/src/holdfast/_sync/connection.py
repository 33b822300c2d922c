# Generated from _async/connection.py by `generate`; do not edit.
"""The one way of every request: sends it, sends it again where that is safe, and turns failures into exceptions."""
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Iterator, Optional, cast

from .._body import PIECE_BYTES
from .._call import Call, explain, first_byte, headers_of, resumed
from .._errors import ApiError, HoldfastError, from_answer
from .._retry import UNAVAILABLE, may_repeat, read_retry_after, wait_seconds
from .._settings import CONNECT_TIMEOUT_SECONDS, Settings
from ._flavour import new_client, pieces_of, sleep

if TYPE_CHECKING:
    import httpx

# A redirection is none: nothing here is anywhere else, and a key is not for another server.
FIRST_NO_SUCCESS = 300


class Connection:
    """Connections to one server with one key. They open when they are needed, and are used again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._client: Optional[httpx.Client] = None

    def with_settings(self, settings: Settings) -> Connection:
        """The same connections with other waits and retries."""
        other = Connection(settings)
        other._client = self._opened()
        return other

    def close(self) -> None:
        """Closes what is open. A later request opens anew."""
        if self._client is not None:
            client, self._client = self._client, None
            client.close()

    def json(self, call: Call) -> Any:
        """The decoded JSON of the answer."""
        return decoded(self.send(call))

    def send(self, call: Call, *, stream: bool = False) -> httpx.Response:
        """The answer, which is a success. With `stream` its body is not read, and the caller closes it."""
        import httpx

        attempt = 0
        unsure = False
        failure: HoldfastError
        while True:
            attempt += 1
            retry_after = None
            try:
                response = self._once(call, stream)
            except httpx.TransportError as error:
                explained = explain(error, call)
                explained.__cause__ = error
                failure, again = explained, call.repeatable or not explained.sent
                unsure = unsure or explained.sent
            else:
                status = response.status_code
                if status < FIRST_NO_SUCCESS:
                    return response
                retry_after = read_retry_after(response.headers)
                failure = from_answer(status, response.headers, response.content, retry_after)
                if unsure and call.done_before(failure):
                    return response
                again = may_repeat(status, call.repeatable)
                unsure = unsure or status in UNAVAILABLE
            wait = wait_seconds(attempt, retry_after)
            spent = attempt > self.settings.retries or not call.may_send
            if not again or wait is None or spent:
                raise failure
            sleep(wait)

    def _once(self, call: Call, stream: bool) -> httpx.Response:
        client = self._opened()
        request = client.build_request(
            call.method,
            call.url(self.settings.url),
            headers=headers_of(call, self.settings.api_key),
            content=pieces_of(call.source) if call.source else None,
            timeout=self._timeout(),
        )
        response = client.send(request, stream=True)
        if stream and response.status_code < FIRST_NO_SUCCESS:
            return response
        try:
            response.read()
        finally:
            response.close()
        return response

    def _timeout(self) -> httpx.Timeout:
        import httpx

        silence = self.settings.timeout
        return httpx.Timeout(silence, connect=min(silence, CONNECT_TIMEOUT_SECONDS))

    def _opened(self) -> httpx.Client:
        if self._client is None:
            # Loading certificates takes longer than a request; plain HTTP needs none.
            secure = self.settings.url.lower().startswith("https:")
            self._client = new_client(verify=secure, follow_redirects=False)
        return self._client


def decoded(response: httpx.Response) -> Any:
    """The JSON of an answer that is no error."""
    try:
        return json.loads(response.content)
    except ValueError as error:
        message = "the answer is not the server's: it is no JSON; is the URL that of a Holdfast server?"
        raise ApiError(message, status=response.status_code, kind="") from error


class FileStream:
    """The content of a file, piece by piece, with flat memory.

    A transfer that breaks goes on where it broke, as long as the file is the same; where it has changed meanwhile
    `PreconditionFailedError` is raised. Close it, or use it as a context manager, if you do not read it to the end.
    """

    def __init__(self, connection: Connection, call: Call, response: httpx.Response) -> None:
        self._connection = connection
        self._call = call
        self._response = response
        self.etag: str = response.headers.get("etag", "")
        """The version that is read; empty for archives."""
        length = response.headers.get("content-length")
        self.length: Optional[int] = None if length is None else int(length)
        """Bytes that the whole stream has; `None` for archives, which are made while they are sent."""

    def __enter__(self) -> FileStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the transfer."""
        self._response.close()

    def __iter__(self) -> Iterator[bytes]:
        import httpx

        start = first_byte(self._response.status_code, self._response.headers)
        done = failures = 0
        try:
            while True:
                try:
                    for piece in self._response.iter_raw(PIECE_BYTES):
                        yield piece
                        done += len(piece)
                        failures = 0
                    return
                except httpx.TransportError as error:
                    failure = explain(error, self._call)
                    failure.__cause__ = error
                self._response.close()
                failures += 1
                if failures > self._connection.settings.retries or not self.etag or self.length is None:
                    raise failure
                sleep(cast(float, wait_seconds(failures, None)))
                rest = resumed(self._call, self.etag, start + done, start + self.length)
                self._response = self._connection.send(rest, stream=True)
                if first_byte(self._response.status_code, self._response.headers) != start + done:
                    raise failure
        finally:
            self._response.close()
