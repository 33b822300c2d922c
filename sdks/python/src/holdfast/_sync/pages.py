# Generated from _async/pages.py by `generate`; do not edit.
"""Lists that come in pages, as one iterable."""
from __future__ import annotations

from typing import Any, Iterator, Callable, Generator, Generic, List, Optional, Tuple, TypeVar

T = TypeVar("T")


class Pages(Generic[T]):
    """A list that is fetched page by page while it is iterated over; each iteration begins anew."""

    def __init__(self, fetch: Callable[[Optional[str]], Tuple[List[T], Optional[str]]]) -> None:
        self._fetch = fetch

    def pages(self) -> Iterator[List[T]]:
        """The pages as they come."""
        cursor: Optional[str] = None
        while True:
            page, cursor = self._fetch(cursor)
            yield page
            if cursor is None:
                return

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            for item in page:
                yield item

    def all(self) -> List[T]:
        """Everything in one list."""
        return [item for item in self]

