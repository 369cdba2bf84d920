"""Is what came back from pickling like what was sent, and if not, where does it differ?"""

from __future__ import annotations

import types
from typing import Any

from pytest_concurrency.pickling.walk import Path

_PLAIN = (list, tuple, dict)


def first_difference(sent: object, restored: object, name: str) -> str | None:
    """Compare an object with what was restored of it.

    Objects of a class with an `__eq__` are compared by it. Others would equal nothing but
    themselves; of those the classes and the attributes are compared.

    Args:
        sent: the object.
        restored: what unpickling made.
        name: what to call it in the path.

    Returns:
        The place and kind of the first difference; None if there is none.
    """
    waiting = [(Path(name), sent, restored)]
    seen: set[int] = set()
    while waiting:
        path, one, other = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is not type(other):
            return f"{path} is a {type(one).__qualname__} and came back as a " + (
                type(other).__qualname__
            )
        if isinstance(one, (type, types.FunctionType)):
            if one is not other:
                return f"{path} came back as another object of the same name"
        elif type(one) in _PLAIN:
            parts = _pair(path, one, other)
            if parts is None:
                return f"{path} came back with another length or other keys"
            waiting.extend(reversed(parts))
        elif _has_own_eq(one):
            if not _equal(one, other):
                return f"{path} came back as something else: == says no"
        else:
            mine, its = getattr(one, "__dict__", {}), getattr(other, "__dict__", {})
            parts = [
                (path.step(f".{key}"), value, its[key]) for key, value in mine.items() if key in its
            ]
            missing = [key for key in mine if key not in its]
            if missing and not hasattr(type(one), "__setstate__"):
                return f"{path} came back without {', '.join(map(str, missing))}"
            waiting.extend(reversed(parts))
    return None


def _pair(path: Path, one: Any, other: Any) -> list[tuple[Path, object, object]] | None:
    if len(one) != len(other):
        return None
    if isinstance(one, dict):
        if any(_has_own_eq(key) and key not in other for key in one):
            return None
        return [
            (path.step(f"[{key!r}]"), value, other[key])
            for key, value in one.items()
            if key in other
        ]
    return [
        (path.step(f"[{index}]"), *pair) for index, pair in enumerate(zip(one, other, strict=True))
    ]


def _has_own_eq(thing: object) -> bool:
    method: object = type(thing).__eq__
    return method is not object.__eq__


def _equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except (RecursionError, ValueError):
        # Too deep to compare; or an array, whose == is an array.
        return True
