"""Which code is the user's, and so runs under the scheduler; all other code runs through."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from types import CodeType

from pytest_concurrency.errors import message

__all__ = ["Scope", "is_ours"]

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_LIBRARY = tuple(
    {
        os.path.join(os.path.realpath(folder), "")
        for folder in (
            *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),
            os.path.dirname(os.__file__),
        )
        if folder
    }
)
# What dataclasses, enum and namedtuple write for a class, and the module that dataclasses make it
# in; `python -c` has the same file name.
_GENERATED = frozenset(
    [
        "__init__",
        "__eq__",
        "__repr__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__hash__",
        "__new__",
        "__create_fn__",
        "__setattr__",
        "__delattr__",
        "<lambda>",
        "<module>",
    ]
)
# The system is asked for each folder of a path, and each search comes to the same files.
_real_path = lru_cache(maxsize=4096)(os.path.realpath)

_OF_PROXIES = ("_callmethod",)


class Scope:
    """Tells the user's code from the standard library, installed packages and ourselves.

    Args:
        trace: Import names of packages or modules that are the user's code as well.

    Attributes:
        table: What the points keep that have looked at its code.

    Raises:
        ValueError: A name of `trace` cannot be imported or has no Python source.
    """

    def __init__(self, trace: Iterable[str] = ()) -> None:
        self._added = tuple(prefix for name in trace for prefix in _places(name))
        self._known: dict[str, bool] = {}
        self.table: object = None

    def __contains__(self, code: CodeType) -> bool:
        filename = code.co_filename
        known = self._known.get(filename)
        if known is None:
            known = self._known[filename] = self._is_users(filename)
        return known and not (filename == "<string>" and _is_generated(code))

    def _is_users(self, filename: str) -> bool:
        if filename.startswith("<"):
            return not filename.startswith(("<frozen", "<__array", "<attrs generated"))
        path = _real_path(filename)
        if path.startswith(self._added):
            return True
        if path.startswith(_OURS) or any(part in path for part in _INSTALLED):
            return False
        return not path.startswith(_LIBRARY)


def _is_generated(code: CodeType) -> bool:
    """Tells whether the standard library wrote the source of code without a file."""
    # The properties of a `multiprocessing.Value`, one for each field, and the methods of proxies.
    names = code.co_names
    return code.co_name in _GENERATED or names[:2] == ("acquire", "_obj") or names == _OF_PROXIES


def is_ours(code: CodeType) -> bool:
    """Tells whether code is part of this package."""
    return code.co_filename.startswith(_OURS)


def _places(name: str) -> list[str]:
    """Returns the file of a module, or the folders of a package."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise ValueError(
            message(
                f"trace: there is no module {name!r} to trace",
                evidence=f"searched with the import system of {sys.executable}",
                cause="is the name that of the distribution, and the import name another one?",
                next_step=f'python -c "import {name}"',
            )
        )
    if spec.submodule_search_locations:
        return [os.path.join(os.path.realpath(p), "") for p in spec.submodule_search_locations]
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise ValueError(
            message(
                f"trace: {name!r} is not written in Python, so there is nothing to schedule in it",
                evidence=f"it comes from {spec.origin}",
                next_step=f"leave {name!r} out; calls of it are visible operations already",
            )
        )
    return [os.path.realpath(spec.origin)]
