"""Looks at the memory that processes share, without taking its lock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from pytest_concurrency.race.observer import Observed, Observer
from pytest_concurrency.race.points.operands import Source
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.values import UNKNOWN, attribute_of
from pytest_concurrency.race.processes.files import (
    content_for,
    content_of,
    file_label,
    file_of,
    open_file_in,
)
from pytest_concurrency.race.processes.shared import kind_of

__all__ = ["SharedObserver"]

_SEQUENCES = ("Array", "RawArray", "ShareableList", "memoryview", "ndarray")
_CONTAINERS_OF_MANAGERS = ("DictProxy", "ListProxy")
# How a proxy asks its manager for an attribute.
_LOOKS_OF_PROXIES: dict[str, Callable[[str], tuple[Any, ...]]] = {
    "NamespaceProxy": lambda name: ("__getattribute__", (name,)),
    "ValueProxy": lambda name: ("get",),
}
# Of a long one only the beginning is looked at.
_LONGEST = 1_000


class SharedObserver(Observer):
    """Looks at shared memory as well."""

    def attribute(self, owner: Any, name: str) -> Any:
        """Returns an attribute: of a `Value` what it holds, of `SharedMemory` the buffer."""
        kind = kind_of(owner)
        if kind == "SharedMemory" and name == "buf":
            return attribute_of(owner, "_buf")
        if kind in _LOOKS_OF_PROXIES:
            return _asked(owner, *_LOOKS_OF_PROXIES[kind](name))
        memory = _memory_of(owner)
        if kind in ("Value", "RawValue") and name in _fields_of(memory):
            return getattr(memory, name)
        return attribute_of(owner, name)

    def value(self, source: Source | None, frame: FrameType) -> Any:
        """Returns what a source stands for, also where the way to it leads through memory."""
        known = super().value(source, frame)
        if known is not UNKNOWN or source is None or source.base is None:
            return known
        base = self.value(source.base, frame)
        if base is UNKNOWN:
            return UNKNOWN
        if source.how == "attribute":
            return self.attribute(base, source.name)
        if source.how == "item" and isinstance(source.value, Source) and self.has_items(base):
            return self.item(base, self.value(source.value, frame))
        return UNKNOWN

    def observe(self, operation: Operation, frame: FrameType, entered: Any) -> Observed:
        """Looks at what an operation is about, which can be a file."""
        observed = super().observe(operation, frame, entered)
        if operation.kind not in ("call", "exit", "next", "enter"):
            return observed
        file = observed.subject
        if file is UNKNOWN and operation.kind == "call":
            # A function that is given a file, such as `json.load`.
            file = open_file_in(frame)
        path = file_of(file)
        if not path:
            return observed
        look: Callable[[], object] = partial(content_of, path)
        if hasattr(file, "execute"):
            look = content_for(file, path)
        if operation.kind == "enter":
            return Observed(file_label(path), "", None, file)
        return Observed(file_label(path), self.labels.text_of(look()), look, file)

    def has_items(self, value: Any) -> bool:
        """Tells whether an object is a container, or a sequence in shared memory."""
        return kind_of(value) in (*_SEQUENCES, *_CONTAINERS_OF_MANAGERS) or super().has_items(value)

    def item(self, container: Any, key: Any) -> Any:
        """Returns an item, also of shared memory."""
        kind = kind_of(container)
        if kind in _CONTAINERS_OF_MANAGERS:
            return _asked(container, "__getitem__", (key,))
        if kind not in _SEQUENCES:
            return super().item(container, key)
        if type(key) is not int:
            return UNKNOWN
        found = _memory_of(container)[key]
        return found.item() if kind == "ndarray" and hasattr(found, "item") else found

    def content(self, container: Any) -> Any:
        """Returns what a container holds."""
        if kind_of(container) in _CONTAINERS_OF_MANAGERS:
            return _asked(container, "#GETVALUE")
        if kind_of(container) not in _SEQUENCES:
            return super().content(container)
        found = _memory_of(container)[:_LONGEST]
        return bytes(found) if isinstance(found, memoryview) else list(found)


def _asked(proxy: Any, *call: Any) -> Any:
    """Asks a manager; `UNKNOWN` if there is no such thing."""
    try:
        return proxy._callmethod(*call)
    except (LookupError, AttributeError):
        return UNKNOWN


def _memory_of(value: Any) -> Any:
    """Returns what lies below a `Value` or an `Array` that has a lock."""
    return vars(value)["_obj"] if kind_of(value) in ("Value", "Array") else value


def _fields_of(memory: Any) -> tuple[str, ...]:
    """Returns the names under which a ctypes object has its content."""
    fields = getattr(type(memory), "_fields_", None)
    return ("value",) if fields is None else tuple(field[0] for field in fields)
