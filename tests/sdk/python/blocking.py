"""The asynchronous classes with the face of the synchronous ones, so that every test is written once.

What a call returns is awaited in one event loop; objects of this package that are returned are wrapped the same way.
"""
import asyncio
import inspect
from typing import Any


class Blocking:
    """Anything asynchronous of this package."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.inner, self.loop = inner, loop

    def wrap(self, value: Any) -> Any:
        if inspect.iscoroutine(value):
            value = self.loop.run_until_complete(value)
        names = ("AsyncFilesystem", "AsyncPages", "AsyncFileStream", "AsyncAdmin")
        wrapped = type(value).__name__ in names or inspect.isasyncgen(value)
        return Blocking(value, self.loop) if wrapped else value

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, {"close": "aclose"}.get(name, name))
        if not callable(value):
            return value
        return lambda *args, **kwargs: self.wrap(value(*[unwrap(one) for one in args], **kwargs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.wrap(self.inner(*args, **kwargs))

    def __iter__(self) -> Any:
        steps = self.inner.__aiter__()
        try:
            while True:
                yield self.loop.run_until_complete(steps.__anext__())
        except StopAsyncIteration:
            pass
        finally:
            self.loop.run_until_complete(steps.aclose())

    def __enter__(self) -> "Blocking":
        self.loop.run_until_complete(self.inner.__aenter__())
        return self

    def __exit__(self, *what: Any) -> None:
        self.loop.run_until_complete(self.inner.__aexit__(*what))


def unwrap(value: Any) -> Any:
    return value.inner if isinstance(value, Blocking) else value
