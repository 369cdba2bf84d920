"""What objects are called in a story, and how their values look."""

from __future__ import annotations

import reprlib
from types import FrameType, ModuleType
from typing import Any

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.points.operands import Source
from pytest_concurrency.race.points.values import UNKNOWN, value_of
from pytest_concurrency.race.primitives.locks import LOCK, RLOCK

__all__ = ["CONTAINERS", "SIMPLE", "Labels"]

SIMPLE = (int, float, complex, bool, str, bytes, type(None))
CONTAINERS = (list, dict, set, tuple, frozenset)
_LENGTH = 40


class Labels:
    """Labels of the objects of one run: the type, numbered in the order in which they are seen."""

    def __init__(self) -> None:
        self._labels: dict[int, tuple[object, str]] = {}
        self._counts: dict[str, int] = {}
        self._repr = reprlib.Repr()
        self._repr.maxstring = self._repr.maxother = _LENGTH

    def of_source(self, source: Source | None, frame: FrameType, value: Any) -> str:
        """Names an object by the way to it, where that says more than its type."""
        if source is None:
            return "" if value is UNKNOWN else self.of(value)
        if source.how == "attribute":
            base = value_of(source.base, frame)
            label = self.of_source(source.base, frame, base)
            label = f"{label}.{source.name}" if label else source.name
        elif source.how == "item":
            label = ""
        elif source.how == "global" and not isinstance(value, ModuleType):
            label = source.name
        else:
            label = "" if value is UNKNOWN else self.of(value)
        if label and value is not UNKNOWN and self.is_lock(value):
            self._labels.setdefault(id(value), (value, label))
        return label if label else ("" if value is UNKNOWN else self.of(value))

    def of(self, value: Any) -> str:
        """Names an object."""
        if isinstance(value, ModuleType):
            return value.__name__
        if isinstance(value, type):
            return value.__name__
        known = self._labels.get(id(value))
        if known is None:
            kind = type(value).__name__
            self._counts[kind] = number = self._counts.get(kind, 0) + 1
            known = self._labels[id(value)] = (value, f"{kind}#{number}")
        return known[1]

    def is_lock(self, value: Any) -> bool:
        """Tells whether somebody can hold an object."""
        return isinstance(value, (LOCK, RLOCK))

    def of_variable(self, name: str) -> str:
        """Names a global, or a variable that several functions use."""
        return name

    def keep(self, value: object, label: str) -> None:
        """Names an object from now on."""
        self._labels[id(value)] = (value, label)

    def of_resource(self, resource: object) -> str:
        """Names what an actor waits for; empty if nobody has seen it yet."""
        if isinstance(resource, Actor):
            return f"Thread actor {resource.path}"
        known = self._labels.get(id(resource))
        return known[1] if known else ""

    def text_of(self, value: Any) -> str:
        """Returns a short text for a value; empty if there is none."""
        if value is UNKNOWN:
            return ""
        if type(value) in SIMPLE:
            return self._repr.repr(value)
        if type(value) in CONTAINERS and all(type(each) in SIMPLE for each in value):
            return self._repr.repr(value)
        return self.of(value)
