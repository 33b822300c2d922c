"""Lists that come in pages, as one iterable."""
from __future__ import annotations

from typing import Any, AsyncIterator, Awaitable, Callable, Generator, Generic, List, Optional, Tuple, TypeVar

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """A list that is fetched page by page while it is iterated over; each iteration begins anew."""

    def __init__(self, fetch: Callable[[Optional[str]], Awaitable[Tuple[List[T], Optional[str]]]]) -> None:
        self._fetch = fetch

    async def pages(self) -> AsyncIterator[List[T]]:
        """The pages as they come."""
        cursor: Optional[str] = None
        while True:
            page, cursor = await self._fetch(cursor)
            yield page
            if cursor is None:
                return

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page:
                yield item

    async def all(self) -> List[T]:
        """Everything in one list."""
        return [item async for item in self]

    # async only
    def __await__(self) -> Generator[Any, Any, List[T]]:
        return self.all().__await__()
    # end of async only
