"""What synchronous code does differently by nature. Its twin in `_async` is written by hand as well."""
from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, Iterator, TypeVar

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

sleep = time.sleep


def run(function: Callable[..., T], *arguments: Any) -> T:
    """Calls what reads or writes local files."""
    return function(*arguments)


def pieces_of(source: Any) -> Iterator[bytes]:
    """The pieces of a body."""
    opened = source.open()
    if hasattr(opened, "__anext__"):
        raise TypeError("content that comes asynchronously needs `AsyncFilesystem`")
    yield from opened


def new_client(**options: Any) -> httpx.Client:
    """A client of HTTP. The import waits until it is needed, as it takes longer than all else here."""
    import httpx

    return httpx.Client(**options)
