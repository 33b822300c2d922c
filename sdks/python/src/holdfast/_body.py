"""Bodies of uploads: what may be given as content, and how it is cut into pieces. Memory is bounded by one piece.

Knows whether a body can be sent a second time. Does not read anything before it is asked for the first piece.
"""
from __future__ import annotations

import io
import os
from typing import IO, Any, Callable, Iterable, Iterator, Optional, Union

from ._errors import InvalidArgumentError

PIECE_BYTES = 256 * 1024

Content = Union[bytes, bytearray, memoryview, str, IO[bytes], Iterable[bytes]]
"""What can be written: bytes, text (as UTF-8), a file that was opened in binary mode, or an iterable of bytes."""


class Source:
    """A body: its length where that is known, and how to get its pieces."""

    def __init__(self, pieces: Callable[[], Any], length: Optional[int], replayable: bool) -> None:
        self._pieces = pieces
        self.length = length
        self.replayable = replayable
        self.started = False

    @property
    def may_send(self) -> bool:
        """Whether the body can be sent now: it is whole still, or can be had again."""
        return self.replayable or not self.started

    def open(self) -> Any:
        """The pieces from the first one: an iterator, or an asynchronous one."""
        self.started = True
        return self._pieces()


def source_of(content: object) -> Source:
    """The body that `content` stands for."""
    if isinstance(content, str):
        return _of_bytes(content.encode())
    if isinstance(content, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(content))
    if hasattr(content, "read"):
        return _of_file(content)
    if hasattr(content, "__aiter__"):
        return Source(content.__aiter__, None, replayable=False)
    if hasattr(content, "__iter__"):
        return Source(lambda: _checked(iter(content)), None, replayable=False)
    raise InvalidArgumentError(f"content is bytes, text, a file or an iterable of bytes; not {type(content).__name__}")


def _of_bytes(content: bytes) -> Source:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), PIECE_BYTES):
            yield content[start : start + PIECE_BYTES]

    return Source(pieces, len(content), replayable=True)


def _of_file(file: Any) -> Source:
    """From where the file stands now to its end. Its length is announced, so a file that shrinks fails the upload."""
    if isinstance(file, io.TextIOBase):
        raise InvalidArgumentError("the file is open as text; open it in binary mode (`rb`)")
    try:
        start = file.tell()
        length = file.seek(0, os.SEEK_END) - start
        file.seek(start)
    except (AttributeError, OSError, ValueError):
        return Source(lambda: _checked(iter(lambda: file.read(PIECE_BYTES), b"")), None, replayable=False)

    def pieces() -> Iterator[bytes]:
        file.seek(start)
        return read_exactly(file, max(length, 0))

    return Source(pieces, max(length, 0), replayable=True)


def read_exactly(file: Any, length: int) -> Iterator[bytes]:
    """So many bytes of a file, in pieces."""
    while length:
        piece = file.read(min(length, PIECE_BYTES))
        if not piece:
            raise InvalidArgumentError("the file became shorter while it was read")
        length -= len(piece)
        yield piece


def _checked(pieces: Iterator[Any]) -> Iterator[bytes]:
    for piece in pieces:
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise InvalidArgumentError(f"content is made of bytes; a piece is {type(piece).__name__}")
        if piece:
            yield bytes(piece)
