"""What asynchronous code does differently by nature. Its twin in `_sync` is written by hand as well."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, TypeVar

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


async def sleep(seconds: float) -> None:
    """Waits. The import waits as well: who works synchronously needs no event loop."""
    import asyncio

    await asyncio.sleep(seconds)


async def run(function: Callable[..., T], *arguments: Any) -> T:
    """Calls what reads or writes local files, in a thread."""
    import asyncio

    return await asyncio.to_thread(function, *arguments)


async def pieces_of(source: Any) -> AsyncIterator[bytes]:
    """The pieces of a body. A plain iterator is asked in a thread, as it may read a file."""
    import asyncio

    opened = source.open()
    if hasattr(opened, "__anext__"):
        async for piece in opened:
            yield piece
        return
    while True:
        piece = await asyncio.to_thread(next, opened, None)
        if piece is None:
            return
        yield piece


def new_client(**options: Any) -> httpx.AsyncClient:
    """A client of HTTP. The import waits until it is needed, as it takes longer than all else here."""
    import httpx

    return httpx.AsyncClient(**options)
