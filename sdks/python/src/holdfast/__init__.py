"""Persistent filesystems for sandboxes: the client of a Holdfast server.

    from holdfast import Filesystem

    filesystem = Filesystem.create("my-volume", "5gb")
    filesystem.write("/data/hello.txt", "Hello")
    print(filesystem.read("/data/hello.txt"))

`Filesystem` and `Admin` are synchronous; `AsyncFilesystem` and `AsyncAdmin` have the same methods to await. All
exceptions are in `holdfast.errors`, all shapes of answers in `holdfast.types`.
"""
from . import errors, types
from ._async.admin import AsyncAdmin
from ._async.admin import health as async_health
from ._async.admin import ready as async_ready
from ._async.connection import AsyncFileStream
from ._async.filesystem import AsyncFilesystem
from ._async.pages import AsyncPages
from ._errors import ApiError, HoldfastError
from ._sizes import Size, parse_size
from ._sync.admin import Admin, health, ready
from ._sync.connection import FileStream
from ._sync.filesystem import Filesystem
from ._sync.pages import Pages
from ._transfer import Progress, Transfer
from ._version import VERSION
from .types import Entry, FilesystemInfo

__version__ = VERSION

__all__ = [
    "Admin",
    "ApiError",
    "AsyncAdmin",
    "AsyncFileStream",
    "AsyncFilesystem",
    "AsyncPages",
    "Entry",
    "FileStream",
    "Filesystem",
    "FilesystemInfo",
    "HoldfastError",
    "Pages",
    "Progress",
    "Size",
    "Transfer",
    "async_health",
    "async_ready",
    "errors",
    "health",
    "parse_size",
    "ready",
    "types",
]
