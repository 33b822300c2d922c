"""Trees of local files as tar archives, in pieces: `TarPacker` makes one, `TarUnpacker` takes one apart.

Memory is bounded by a piece, whatever the tree holds. Both only ever hold one file open. Unpacking writes each file
under a temporary name beside its place and renames it when it is whole: nobody finds half a file, and a transfer that
breaks leaves none. It never follows a symbolic link below its top, so an archive cannot write outside of it.
"""
from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from typing import IO, Callable, Dict, Iterator, List, Optional, Set, Tuple, Union

from ._body import PIECE_BYTES, read_exactly
from ._errors import ArchiveError
from ._transfer import Owner, Progress, Report

BLOCK = tarfile.BLOCKSIZE
# Longer values before an entry are no paths of ours.
EXTENDED_MAX_BYTES = 1 << 20
# Files with several names that are remembered; past that, further names are copies.
LINKS_MAX = 100_000


class TarPacker:
    """The archive of a local directory, or of one file, as an iterator of pieces."""

    def __init__(self, top: str, owner: Owner, report: Optional[Report]) -> None:
        self._top = top
        self._owner = owner
        self._report = report
        self._links: Dict[Tuple[int, int], str] = {}
        self.files = 0
        self.bytes = 0

    def pieces(self) -> Iterator[bytes]:
        """The archive. Small members are put together, so that a piece is worth sending."""
        ready: List[bytes] = []
        size = 0
        for part in self._parts():
            ready.append(part)
            size += len(part)
            if size >= PIECE_BYTES:
                yield b"".join(ready)
                ready, size = [], 0
        ready.append(bytes(2 * BLOCK))
        yield b"".join(ready)

    def _parts(self) -> Iterator[bytes]:
        directories = [""]
        while directories:
            below = directories.pop()
            with os.scandir(os.path.join(self._top, below)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            for entry in entries:
                name = os.path.join(below, entry.name)
                yield from self._entry(name, entry.path, entry.stat(follow_symlinks=False))
                if entry.is_dir(follow_symlinks=False):
                    directories.append(name)

    def _entry(self, name: str, path: str, info: os.stat_result) -> Iterator[bytes]:
        """A member; nothing for sockets, pipes and devices."""
        header = tarfile.TarInfo(name.replace(os.sep, "/"))
        header.mode = stat.S_IMODE(info.st_mode)
        header.uid = info.st_uid if self._owner.uid is None else self._owner.uid
        header.gid = info.st_gid if self._owner.gid is None else self._owner.gid
        if stat.S_ISDIR(info.st_mode):
            header.type = tarfile.DIRTYPE
        elif stat.S_ISLNK(info.st_mode):
            header.type, header.linkname = tarfile.SYMTYPE, os.readlink(path)
        elif stat.S_ISREG(info.st_mode):
            yield from self._file(header, path)
            return
        else:
            return
        yield _head(header)

    def _file(self, header: tarfile.TarInfo, path: str) -> Iterator[bytes]:
        with open(path, "rb") as file:
            # Of the open file: the one that was listed may have been replaced.
            info = os.fstat(file.fileno())
            first = self._links.get((info.st_dev, info.st_ino))
            if info.st_nlink > 1 and first is not None:
                header.type, header.linkname = tarfile.LNKTYPE, first
                yield _head(header)
            else:
                if info.st_nlink > 1 and len(self._links) < LINKS_MAX:
                    self._links[(info.st_dev, info.st_ino)] = header.name
                header.size = info.st_size
                yield _head(header)
                for piece in read_exactly(file, info.st_size):
                    self.bytes += len(piece)
                    yield piece
                    self._tell(header.name)
                yield bytes(-info.st_size % BLOCK)
        self.files += 1
        self._tell(header.name)

    def _tell(self, name: str) -> None:
        if self._report:
            self._report(Progress(name, self.files, self.bytes))


def _head(header: tarfile.TarInfo) -> bytes:
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


class WholeFile:
    """A file that appears under its name when it is whole, and leaves nothing otherwise."""

    def __init__(self, path: str) -> None:
        self.path = path
        handle, self._temporary = tempfile.mkstemp(prefix=".holdfast-", dir=os.path.dirname(path) or ".")
        self._file: IO[bytes] = os.fdopen(handle, "wb")

    def write(self, piece: Union[bytes, memoryview]) -> None:
        """Adds to the file."""
        self._file.write(piece)

    def finish(self, mode: int) -> None:
        """Gives the file its mode and its name."""
        self._file.close()
        os.chmod(self._temporary, mode)
        os.replace(self._temporary, self.path)

    def drop(self) -> None:
        """Removes what was written."""
        self._file.close()
        os.unlink(self._temporary)


class TarUnpacker:
    """Takes an archive apart into a directory, as its pieces come."""

    def __init__(self, top: str, report: Optional[Report]) -> None:
        self._top = os.path.realpath(top)
        self._report = report
        self._ready = bytearray()
        self._member: Optional[tarfile.TarInfo] = None
        self._left = 0
        self._padding = 0
        self._file: Optional[WholeFile] = None
        self._extended = bytearray()
        self._values: Dict[str, str] = {}
        self._safe: Set[str] = {self._top}
        self._modes: List[Tuple[str, int]] = []
        self._ended = False
        self.files = 0
        self.bytes = 0

    def feed(self, piece: bytes) -> None:
        """Takes the next piece."""
        view = memoryview(piece)
        while view and not self._ended:
            if self._left:
                taken = view[: self._left]
                self._content(taken)
                view = view[len(taken) :]
            elif self._padding:
                skipped = min(self._padding, len(view))
                self._padding -= skipped
                view = view[skipped:]
            else:
                taken = view[: BLOCK - len(self._ready)]
                self._ready += taken
                view = view[len(taken) :]
                if len(self._ready) == BLOCK:
                    block = bytes(self._ready)
                    self._ready.clear()
                    self._header(block)

    def finish(self) -> None:
        """Says that no more comes. Raises `ArchiveError` unless that was the whole archive."""
        if not self._ended:
            raise ArchiveError("the archive ends in the middle")
        # Last, as a directory may not allow its owner to write into it; children before parents.
        for path, mode in reversed(self._modes):
            os.chmod(path, mode)

    def drop(self) -> None:
        """Gives up: the file that was being written goes. Those that are whole stay."""
        if self._file:
            self._file.drop()
            self._file = None

    def _header(self, block: bytes) -> None:
        if not block.strip(b"\0"):
            self._ended = True
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise ArchiveError(f"the archive is damaged: {error}") from error
        if member.type == tarfile.XHDTYPE and member.size > EXTENDED_MAX_BYTES:
            raise ArchiveError(f"an extended header has {member.size} bytes; the most is {EXTENDED_MAX_BYTES}")
        if member.type != tarfile.XHDTYPE:
            self._apply(member)
        self._member = member
        self._left = 0 if member.isdir() or member.issym() or member.islnk() else member.size
        self._padding = -self._left % BLOCK
        self._begin(member)
        if not self._left:
            self._end(member)

    def _apply(self, member: tarfile.TarInfo) -> None:
        member.name = self._values.get("path", member.name)
        member.linkname = self._values.get("linkpath", member.linkname)
        size = self._values.get("size")
        if size is not None:
            if not (size.isascii() and size.isdigit() and len(size) <= 19):
                raise ArchiveError("the archive is damaged: a size is no number")
            member.size = int(size)
        self._values = {}

    def _begin(self, member: tarfile.TarInfo) -> None:
        if member.isreg():
            self._file = WholeFile(self._place(member.name))
        elif member.isdir():
            path = self._place(member.name)
            self._directory(path)
            self._modes.append((path, member.mode))
        elif member.issym():
            _replace(self._place(member.name), lambda path: os.symlink(member.linkname, path))
        elif member.islnk():
            existing = self._place(member.linkname)
            _replace(self._place(member.name), lambda path: os.link(existing, path, follow_symlinks=False))

    def _content(self, piece: memoryview) -> None:
        self._left -= len(piece)
        if self._file:
            self._file.write(piece)
            self.bytes += len(piece)
            if self._left:
                self._tell()
        elif self._member and self._member.type == tarfile.XHDTYPE:
            self._extended += piece
        if not self._left and self._member:
            self._end(self._member)

    def _end(self, member: tarfile.TarInfo) -> None:
        if self._file:
            # Bits that would give a program its owner's rights are not for local files.
            self._file.finish(member.mode & 0o777)
            self._file = None
            self.files += 1
            self._tell()
        elif member.type == tarfile.XHDTYPE:
            self._values = dict(_records(bytes(self._extended)))
            self._extended.clear()

    def _tell(self) -> None:
        if self._report and self._member:
            self._report(Progress(self._member.name, self.files, self.bytes))

    def _place(self, name: str) -> str:
        """The local path of a member, whose parents are there and are directories, no links."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        strange = os.sep != "/" and any(os.sep in part or ":" in part for part in parts)
        if not parts or ".." in parts or "\0" in name or strange:
            raise ArchiveError(f"the archive's entry {name!r} has no place below {self._top}")
        parent = self._top
        for part in parts[:-1]:
            parent = os.path.join(parent, part)
            self._directory(parent)
        return os.path.join(parent, parts[-1])

    def _directory(self, path: str) -> None:
        if path in self._safe:
            return
        try:
            os.mkdir(path, 0o777)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                message = f"{path} is in the way: it is no directory; remove it or choose another place"
                raise ArchiveError(message) from None
        self._safe.add(path)


def _replace(path: str, make: Callable[[str], None]) -> None:
    """Makes a link, in the place of another file or link if there is one."""
    try:
        make(path)
    except FileExistsError:
        os.unlink(path)
        make(path)


def _records(extended: bytes) -> Iterator[Tuple[str, str]]:
    """The records of an extended header: a length, a space, `key=value` and a newline; the length counts all of it."""
    while extended:
        digits, space, _ = extended[:20].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = extended[len(digits) + 1 : length]
        key, equals, value = record[:-1].partition(b"=")
        if length > len(extended) or not equals or record[-1:] != b"\n":
            raise ArchiveError("the archive is damaged: an extended header is malformed")
        yield key.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")
        extended = extended[length:]
