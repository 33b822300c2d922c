"""What is told and asked about transfers of files, and the bodies of uploads. `_tar` is imported when it is needed."""
from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Callable, Iterator, Optional, Tuple, Union

from ._body import Source, read_exactly

LocalPath = Union[str, "os.PathLike[str]"]
"""A path on this machine."""


@dataclass(frozen=True)
class Progress:
    """How far a transfer of files has come."""

    path: str
    """The file that was done last, below the top of the tree; for one large file the file itself."""
    files: int
    """Files that are done."""
    bytes: int
    """Bytes of file content so far."""


Report = Callable[[Progress], None]
"""Is called now and then while files are transferred, from the thread that reads or writes them."""


@dataclass(frozen=True)
class Owner:
    """Whose the files of a tree are to be; `None` keeps what the local file has."""

    uid: Optional[int]
    gid: Optional[int]


@dataclass(frozen=True)
class Transfer:
    """What was transferred."""

    files: int
    """Regular files; further names of one file count."""
    bytes: int
    """Bytes of their content."""


def tree_source(local: str, owner: Owner, progress: Optional[Report]) -> Source:
    """A local directory as an archive. It is made once: files may change, and progress counts up."""
    from ._tar import TarPacker

    return Source(TarPacker(local, owner, progress).pieces, None, replayable=False)


def file_source(local: str, name: str, progress: Optional[Report]) -> Tuple[Source, os.stat_result]:
    """The body that holds a local file, and what is known of the file."""
    info = os.stat(local)
    if not stat.S_ISREG(info.st_mode):
        raise FileNotFoundError(f"{local} is neither a file nor a directory")

    def pieces() -> Iterator[bytes]:
        done = 0
        with open(local, "rb") as file:
            for piece in read_exactly(file, info.st_size):
                done += len(piece)
                yield piece
                if progress:
                    progress(Progress(name, int(done == info.st_size), done))

    return Source(pieces, info.st_size, replayable=True), info
