"""A name that means one thing on a class and another on its instances.

`Filesystem.list()` lists filesystems and `filesystem.list("/data")` what is in a directory; `Filesystem.delete("name")`
deletes a filesystem and `filesystem.delete("/file")` a file. JavaScript has static methods beside others of the same
name; Python has this descriptor. Type checkers see both signatures.
"""
from __future__ import annotations

from typing import Any, Callable, Generic, Optional, TypeVar, Union, cast, overload

OnClass = TypeVar("OnClass")
OnInstance = TypeVar("OnInstance")


class Dual(Generic[OnClass, OnInstance]):
    """`on_class` is called as it is, `on_instance` with the instance first."""

    def __init__(self, on_class: OnClass, on_instance: Callable[..., Any]) -> None:
        self._on_class = on_class
        self._on_instance = on_instance
        self.__doc__ = f"{on_class.__doc__}\n\nOn an instance: {on_instance.__doc__}"

    @overload
    def __get__(self, instance: None, owner: type) -> OnClass: ...

    @overload
    def __get__(self, instance: object, owner: type) -> OnInstance: ...

    def __get__(self, instance: Optional[object], owner: type) -> Union[OnClass, OnInstance]:
        if instance is None:
            return self._on_class
        return cast(OnInstance, self._on_instance.__get__(instance, owner))
