"""What processes share, and what it is called: the same in every process.

Shared objects are found by walking through the state, which looks alike everywhere. Anything else
is a copy of one process, and its label says whose.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any

from pytest_concurrency.race.labels import Labels
from pytest_concurrency.race.points.operands import Source
from pytest_concurrency.race.points.values import UNKNOWN, attribute_of
from pytest_concurrency.race.processes.semaphores import key_of

__all__ = ["SharedLabels", "semaphores_in", "shared_value", "shares_something"]

# How much of a state is looked through.
_MOST = 1_000
# How multiprocessing calls what its context makes, by module and type.
_KINDS = {
    ("multiprocessing.sharedctypes", "Synchronized"): "Value",
    ("multiprocessing.sharedctypes", "SynchronizedArray"): "Array",
    ("multiprocessing.sharedctypes", "SynchronizedString"): "Array",
    ("multiprocessing.connection", "Connection"): "Connection",
    ("multiprocessing.shared_memory", "SharedMemory"): "SharedMemory",
    ("multiprocessing.shared_memory", "ShareableList"): "ShareableList",
    **{
        ("multiprocessing.synchronize", name): name
        for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event")
    },
    ("multiprocessing.synchronize", "Barrier"): "Barrier",
    **{
        ("multiprocessing.queues", name): name for name in ("Queue", "SimpleQueue", "JoinableQueue")
    },
}
_SEMAPHORE = "multiprocessing.synchronize"
_LOCKS = ("Lock", "RLock")
_SAME_EVERYWHERE = (ModuleType, type, tuple, frozenset)


class SharedLabels(Labels):
    """Labels of the objects that one actor of a run meets.

    Args:
        state: What the actor was called with; empty if with nothing.
        owner: The number of the process.
    """

    def __init__(self, state: tuple[Any, ...], owner: int) -> None:
        super().__init__()
        self._owner = owner
        self._shared: dict[int, tuple[object, str]] = {}
        self._keys: dict[int, str] = {}
        counts: dict[str, int] = {}
        for each in _parts(state):
            kind = _kind_of(each)
            if kind:
                counts[kind] = counts.get(kind, 0) + 1
                label = f"{kind}#{counts[kind]}"
                self._shared[id(each)] = (each, label)
                for inner in _semaphores_of(each):
                    self._keys.setdefault(key_of(inner), label)

    def of_source(self, source: Source | None, frame: FrameType, value: Any) -> str:
        """Names an object: shared ones the same in all processes."""
        known = self._shared.get(id(value))
        if known is not None:
            return known[1]
        label = super().of_source(source, frame, value)
        is_global = source is not None and source.how == "global"
        return self.local(label) if is_global and not isinstance(value, ModuleType) else label

    def of_variable(self, name: str) -> str:
        """Names a variable: each process has its own."""
        return self.local(name)

    def of(self, value: Any) -> str:
        """Names an object; what is not shared is a copy of this process."""
        known = self._shared.get(id(value))
        if known is not None:
            return known[1]
        label = super().of(value)
        return label if isinstance(value, _SAME_EVERYWHERE) else self.local(label)

    def local(self, label: str) -> str:
        """Says whose copy a label means."""
        mark = f"process {self._owner}'s "
        return label if not label or label.startswith(mark) else mark + label

    def of_resource(self, resource: object) -> str:
        """Names what an actor waits for, or the shared object that it is a part of."""
        if type(resource).__module__ == "_multiprocessing":
            return self._keys.get(key_of(resource), "")
        return super().of_resource(resource)

    def is_lock(self, value: Any) -> bool:
        """Tells whether somebody can hold an object, a lock shared between processes included."""
        kind = type(value)
        if kind.__module__ == _SEMAPHORE and kind.__name__ in _LOCKS:
            return True
        return super().is_lock(value)


def shares_something(given: tuple[Any, ...]) -> bool:
    """Tells whether processes share a part of a state; a text may be the path of a file.

    Args:
        given: The state; empty if there is none, and then nobody knows what the actors share.
    """
    return not given or any(
        _kind_of(part) or isinstance(part, (str, bytes, os.PathLike)) or _is_file_lock(part)
        for part in _parts(given)
    )


def _is_file_lock(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "filelock"


def shared_value(owner: Any, name: str) -> Any:
    """Returns an attribute of an object, without a lock if it is shared."""
    if name == "value" and _kind_of(owner) == "Value":
        return shared_value(vars(owner)["_obj"], name)
    if name == "value" and type(owner).__module__ == "ctypes":
        return owner.value
    return attribute_of(owner, name)


def semaphores_in(state: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yields (label, semaphore) for every semaphore that a state holds."""
    labels = SharedLabels(state, 0)
    for each, label in labels._shared.values():
        for inner in _semaphores_of(each):
            yield label, inner


def _kind_of(value: Any) -> str:
    """Returns how multiprocessing calls a type that processes share; empty for other types."""
    kind = type(value)
    known = _KINDS.get((kind.__module__, kind.__name__), "")
    if known:
        return known
    if kind.__module__ == "ctypes" or _is_ctypes_array(kind):
        return "RawArray" if hasattr(kind, "_length_") else "RawValue"
    if kind.__module__ == "multiprocessing.managers":
        return kind.__name__
    if kind is memoryview:
        return "memoryview"
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray) and value.base is not None:
        return "ndarray"
    return ""


def _is_ctypes_array(kind: type) -> bool:
    ctypes = sys.modules.get("ctypes")
    return ctypes is not None and issubclass(kind, (ctypes.Array, ctypes.Structure))


def _parts(state: tuple[Any, ...]) -> Iterator[Any]:
    """Yields everything that a state consists of, in an order that is the same in all processes."""
    seen: set[int] = set()
    stack = list(reversed(state))
    while stack and len(seen) < _MOST:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        stack += reversed(_inner(value))


def _inner(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if _kind_of(value) or isinstance(value, (type, ModuleType, FunctionType)):
        return []
    try:
        inner = list(object.__getattribute__(value, "__dict__").values())
    except AttributeError:
        inner = []
    for name in getattr(type(value), "__slots__", ()):
        found = attribute_of(value, name)
        if found is not UNKNOWN:
            inner.append(found)
    return inner


def _semaphores_of(value: Any) -> Iterator[Any]:
    """Yields the semaphores, as C knows them, that a shared object is made of."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        each = stack.pop()
        if id(each) in seen or not type(each).__module__.startswith("multiprocessing."):
            continue
        seen.add(id(each))
        inner = getattr(each, "__dict__", {})
        if "_semlock" in inner:
            yield inner["_semlock"]
        else:
            stack += inner.values()
