"""Replaces methods of types, those written in C included, and puts them back."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

__all__ = ["TypePatches"]

_modified = ctypes.pythonapi.PyType_Modified
_modified.argtypes = [ctypes.py_object]
_modified.restype = None
_ABSENT = object()


class TypePatches:
    """The methods replaced so far.

    `setattr` refuses types written in C. Their dictionaries can be had from the garbage collector,
    and `PyType_Modified` tells the interpreter's caches of the change (measured on 3.10 to 3.15).
    Only names that are looked up on each use may be replaced, not those that fill a slot.
    """

    def __init__(self) -> None:
        self._done: list[tuple[type, str, Any]] = []

    def replace(self, owner: type, name: str, new: Any) -> None:
        """Sets `owner.name` to `new`, remembering what was there."""
        namespace = _namespace_of(owner)
        self._done.append((owner, name, namespace.get(name, _ABSENT)))
        namespace[name] = new
        _modified(owner)

    def undo(self) -> None:
        """Puts everything back, last one first."""
        while self._done:
            owner, name, old = self._done.pop()
            namespace = _namespace_of(owner)
            if old is _ABSENT:
                namespace.pop(name, None)
            else:
                namespace[name] = old
            _modified(owner)


def _namespace_of(owner: type) -> dict[str, Any]:
    (namespace,) = (each for each in gc.get_referents(vars(owner)) if type(each) is dict)
    return namespace
