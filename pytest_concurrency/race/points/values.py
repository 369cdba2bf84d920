"""Finds the objects that an operation is about, in the frame that has come to it."""

from __future__ import annotations

import builtins
from collections import namedtuple
from types import FrameType, MemberDescriptorType, ModuleType
from typing import Any

from pytest_concurrency.race.points.operands import Source

__all__ = ["UNKNOWN", "attribute_of", "item_of", "value_of"]


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"


# What stands in a class for what its objects hold: of slots, and of named tuples.
_STORED = (MemberDescriptorType, type(namedtuple("_", "field").field))  # type: ignore[attr-defined]

UNKNOWN: Any = _Unknown()
"""Stands for a value that cannot be found without running code of the user's."""


def value_of(source: Source | None, frame: FrameType) -> Any:
    """Returns the value that a source stands for, without running any code of the user's.

    Args:
        source: How the value got, or will get, on the stack.
        frame: Where.

    Returns:
        The value; `UNKNOWN` if it cannot be told.
    """
    if source is None:
        return UNKNOWN
    how, name = source.how, source.name
    if how in ("local", "cell"):
        return frame.f_locals.get(name, UNKNOWN)
    if how == "global":
        if name in frame.f_code.co_freevars or name in frame.f_code.co_cellvars:
            return frame.f_locals.get(name, UNKNOWN)
        return frame.f_globals.get(name, getattr(builtins, name, UNKNOWN))
    if how == "constant":
        return source.value
    if how == "attribute":
        base = value_of(source.base, frame)
        return UNKNOWN if base is UNKNOWN else attribute_of(base, name)
    if how == "item" and isinstance(source.value, Source):
        return item_of(value_of(source.base, frame), value_of(source.value, frame))
    if how == "iterator":
        return value_of(source.base, frame)
    return UNKNOWN


def attribute_of(owner: Any, name: str) -> Any:
    """Returns an attribute that is stored, in the object or in its class; no property is run."""
    if isinstance(owner, ModuleType):
        return vars(owner).get(name, UNKNOWN)
    if type(type(owner)) is not type and not isinstance(owner, type):
        # A metaclass may do anything.
        return UNKNOWN
    try:
        namespace = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        namespace = {}
    if name in namespace:
        return namespace[name]
    for base in owner.__mro__ if isinstance(owner, type) else type(owner).__mro__:
        found = vars(base).get(name, UNKNOWN)
        if isinstance(found, _STORED) and not isinstance(owner, type):
            try:
                return found.__get__(owner)
            except AttributeError:
                return UNKNOWN
        if found is not UNKNOWN:
            return UNKNOWN if hasattr(type(found), "__get__") else found
    return UNKNOWN


def item_of(container: Any, key: Any) -> Any:
    """Returns an item of a plain container; `UNKNOWN` if there is none, or it cannot be told."""
    if type(container) not in (list, tuple, dict) or key is UNKNOWN:
        return UNKNOWN
    if type(key) not in (int, str, bool, bytes, tuple, type(None)):
        return UNKNOWN
    try:
        return container[key]
    except (LookupError, TypeError):
        return UNKNOWN
