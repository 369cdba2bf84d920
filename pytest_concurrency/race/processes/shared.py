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
from pytest_concurrency.race.processes.files import lock_label
from pytest_concurrency.race.processes.semaphores import key_of

__all__ = [
    "SharedLabels",
    "kind_of",
    "memory_in",
    "queue_locks_in",
    "rooms_in",
    "semaphores_in",
    "shares_something",
]

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
_QUEUES = ("Queue", "JoinableQueue", "SimpleQueue")
# Where a shared object keeps its memory, or its pipe, and what that adds to its label.
_INSIDE = {
    "Value": (("_obj", ""),),
    "Array": (("_obj", ""),),
    "SharedMemory": (("_buf", ".buf"), ("_mmap", ".buf")),
    "ShareableList": (("shm", ".shm"),),
    **dict.fromkeys(_QUEUES, (("_reader", ""), ("_writer", ""))),
}
_SEMAPHORE = "multiprocessing.synchronize"
_LOCKS = ("Lock", "RLock")
_OF_ANY_TYPE = ("AcquirerProxy", "AutoProxy", "AutoProxy[Queue]", "AutoProxy[JoinableQueue]")
# What can be used like its lock.
_HAVE_A_LOCK = ("Value", "Array")
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
            kind = kind_of(each)
            if kind:
                counts[kind] = counts.get(kind, 0) + 1
                label = f"{kind}#{counts[kind]}"
                self._shared[id(each)] = (each, label)
                for part, name in _INSIDE.get(kind, ()):
                    inner = attribute_of(each, part)
                    self._shared[id(inner)] = (inner, label + name)
                for inner in _semaphores_of(each):
                    self._keys.setdefault(key_of(inner), label)

    def of_source(self, source: Source | None, frame: FrameType, value: Any) -> str:
        """Names an object: shared ones the same in all processes."""
        lock = lock_label(value)
        if lock:
            return lock
        shared = self.of_shared(value)
        if shared:
            return shared
        label = super().of_source(source, frame, value)
        is_global = source is not None and source.how == "global"
        return self.local(label) if is_global and not isinstance(value, ModuleType) else label

    def of_shared(self, value: object) -> str:
        """Names what all processes share; empty for anything else."""
        known = self._shared.get(id(value))
        if known is not None:
            return known[1]
        if kind_of(value) == "ndarray":
            below = self.of_shared(value.base)  # type: ignore[attr-defined]
            return f"ndarray over {below}" if below else ""
        return ""

    def of_variable(self, name: str) -> str:
        """Names a variable: each process has its own."""
        return self.local(name)

    def of(self, value: Any) -> str:
        """Names an object; what is not shared is a copy of this process."""
        shared = self.of_shared(value)
        if shared:
            return shared
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
        return lock_label(resource) or self.of_shared(resource) or super().of_resource(resource)

    def is_lock(self, value: Any) -> bool:
        """Tells whether somebody can hold an object, a lock shared between processes included."""
        kind = type(value)
        if kind.__module__ == _SEMAPHORE and kind.__name__ in _LOCKS:
            return True
        if lock_label(value):
            return True
        if kind.__name__ in _OF_ANY_TYPE and kind_of(value) in _LOCKS:
            return True
        if kind_of(value) in _HAVE_A_LOCK:
            return True
        return super().is_lock(value)


def shares_something(given: tuple[Any, ...]) -> bool:
    """Tells whether processes share a part of a state; a text may be the path of a file.

    Args:
        given: The state; empty if there is none, and then nobody knows what the actors share.
    """
    return not given or any(
        kind_of(part) or isinstance(part, (str, bytes, os.PathLike)) or lock_label(part)
        for part in _parts(given)
    )


def semaphores_in(state: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yields (label, semaphore) for every semaphore that a state holds."""
    labels = SharedLabels(state, 0)
    for each, label in labels._shared.values():
        for inner in _semaphores_of(each):
            yield label, inner


def queue_locks_in(state: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    """Yields (semaphore, what who holds it is in the middle of) for the queues of a state."""
    for each in _parts(state):
        if kind_of(each) in _QUEUES:
            for lock, doing in ((each._wlock, "put"), (each._rlock, "get")):
                if lock is not None:
                    yield lock._semlock, doing


def rooms_in(state: tuple[Any, ...]) -> set[int]:
    """Returns the keys of the semaphores that count the free places of queues.

    One with a single place looks like a lock, and nobody holds it: whoever gets an item frees it.
    """
    queues = [each for each in _parts(state) if kind_of(each) in ("Queue", "JoinableQueue")]
    return {key_of(queue._sem._semlock) for queue in queues}


def memory_in(state: tuple[Any, ...]) -> list[Any]:
    """Returns the blocks of shared memory that a state holds."""
    shared = [(each, kind_of(each)) for each in _parts(state)]
    return [
        each if kind == "SharedMemory" else each.shm
        for each, kind in shared
        if kind in ("SharedMemory", "ShareableList")
    ]


def kind_of(value: Any) -> str:
    """Returns how multiprocessing calls a type that processes share; empty for other types."""
    kind = type(value)
    known = _KINDS.get((kind.__module__, kind.__name__), "")
    if known:
        return known
    if kind.__module__ == "multiprocessing.sharedctypes" and hasattr(value, "_obj"):
        # The `Value` of a structure has a class of its own.
        return "Value"
    if kind.__module__ == "ctypes" or _is_ctypes_array(kind):
        return "RawArray" if hasattr(kind, "_length_") else "RawValue"
    if kind.__module__ == "multiprocessing.managers" and hasattr(value, "_token"):
        # The proxies of what has no class of its own are all called the same.
        return str(value._token.typeid) if kind.__name__ in _OF_ANY_TYPE else kind.__name__
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
    if kind_of(value) or isinstance(value, (type, ModuleType, FunctionType)):
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
