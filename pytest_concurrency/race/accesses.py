"""What an operation touches, precisely enough to tell which operations commute.

Wherever this cannot be told, an operation counts as touching everything: the exhaustive strategy
leaves schedules out because their operations commute, and must never leave out one too many.
"""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Hashable
from types import FrameType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, NamedTuple

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.values import UNKNOWN, value_of
from pytest_concurrency.race.primitives.locks import LOCK, RLOCK

__all__ = ["ANYTHING", "Access", "Entered", "access_of", "is_content"]


class Access(NamedTuple):
    """What one operation touches.

    Args:
        reads: Keys of what it only looks at.
        writes: Keys of what it may change.
        anything: Whether it may touch all there is: "reads", "writes", or "" for no.
    """

    reads: tuple[Hashable, ...] = ()
    writes: tuple[Hashable, ...] = ()
    anything: str = ""


ANYTHING = Access(anything="writes")
_LOOKS_AT_ANYTHING = Access(anything="reads")
_NOTHING = Access()

_CONTAINERS = (list, dict, set, collections.deque, collections.OrderedDict, collections.Counter)
_IMMUTABLE = (int, float, complex, bool, str, bytes, tuple, frozenset, range, type(None))
_LOOKS = frozenset(
    [
        *("copy", "count", "get", "index", "items", "keys", "values", "isdisjoint", "issubset"),
        *("issuperset", "union", "intersection", "difference", "symmetric_difference"),
        *("most_common", "elements", "locked"),
    ]
)
# What compares its elements, which may be containers themselves.
_COMPARE = frozenset(["index", "count", "remove", "sort"])
# What looks at its arguments, of the methods of texts.
_LOOK_AT_ARGUMENTS = frozenset(["format", "format_map", "translate"])
# They run through what they are given, which may be an iterator that others use too.
_CONSUME = frozenset(
    [
        *("extend", "extendleft", "update", "intersection_update", "difference_update"),
        *("symmetric_difference_update", "subtract"),
    ]
)

# A class that defines one of these has code of its own run when an attribute is used,
_ATTRIBUTE_HOOKS = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__")
# and so has what stands in a class and defines one of these.
_DESCRIPTOR_METHODS = ("__get__", "__set__", "__delete__")


def is_content(key: Hashable) -> bool:
    """Tells whether a key stands for what a container holds, or for a lock."""
    return isinstance(key, tuple) and key[1:] == ("",)


def access_of(
    operation: Operation,
    frame: FrameType,
    entered: Any = UNKNOWN,
    any_name: bool = False,
) -> Access:
    """Tells what an operation is about to touch.

    Args:
        operation: What comes next.
        frame: The frame that has come to it.
        entered: For the end of a `with`: what was entered.
        any_name: Whether some code gets at attributes by the dictionary of an object, which any
            dictionary may be then.
    """
    kind = operation.kind
    if kind in ("read", "write", "delete"):
        return _variable_access(operation, frame)
    if kind == "call":
        return _call_access(operation, frame, any_name)
    if kind in ("enter", "exit"):
        held = entered if kind == "exit" else value_of(operation.operand, frame)
        lock = _lock_of(held)
        return ANYTHING if lock is None else Access((), ((id(lock), ""),))
    container = value_of(operation.operand, frame)
    if type(container) in _IMMUTABLE:
        compares = kind == "contains" and not _holds_nothing(container)
        return _LOOKS_AT_ANYTHING if compares else _NOTHING
    if type(container) not in _CONTAINERS or kind == "in-place":
        return ANYTHING
    if any_name and type(container) is dict:
        return ANYTHING
    if kind == "contains" and isinstance(container, (list, collections.deque)):
        return _LOOKS_AT_ANYTHING
    if kind == "next" and not _is_local(operation):
        # What it runs through may have another name by now, and the name another value.
        return _LOOKS_AT_ANYTHING
    key = (id(container), "")
    return Access((), (key,)) if operation.writes else Access((key,))


def _holds_nothing(value: Any) -> bool:
    """Tells whether a value that cannot change holds nothing that can."""
    return not isinstance(value, (tuple, frozenset))


def _is_local(operation: Operation) -> bool:
    source = operation.operand
    while source is not None and source.how == "iterator":
        source = source.base
    return source is not None and source.how == "local"


def _variable_access(operation: Operation, frame: FrameType) -> Access:
    name = operation.name
    source = operation.operand
    if source is not None and source.how == "global" and source.name == name:
        return _either(operation, ("variable", name))
    owner = value_of(source, frame)
    if owner is UNKNOWN or name == "__dict__":
        return ANYTHING
    if isinstance(owner, ModuleType):
        return _either(operation, ("variable", name))
    if isinstance(owner, type):
        return _either(operation, ("of a class", name))
    if not _is_stored_plainly(owner, name):
        return ANYTHING
    if operation.writes:
        return Access((), ((id(owner), name),))
    # What the object does not have may come from its class.
    return Access(((id(owner), name), ("of a class", name)))


def _is_stored_plainly(owner: Any, name: str) -> bool:
    """Tells whether using an attribute in any way runs nothing but the interpreter itself."""
    kind = type(owner)
    if any(_in_class(kind, hook) is not _in_class(object, hook) for hook in _ATTRIBUTE_HOOKS):
        return False
    found = _in_class(kind, name)
    if isinstance(found, (MemberDescriptorType, FunctionType)):
        return True
    return not any(hasattr(type(found), method) for method in _DESCRIPTOR_METHODS)


def _in_class(kind: type, name: str) -> object:
    """Returns what a class has or inherits under a name, unbound; None if there is nothing."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def _either(operation: Operation, key: Hashable) -> Access:
    return Access((), (key,)) if operation.writes else Access((key,))


def _call_access(operation: Operation, frame: FrameType, any_name: bool) -> Access:
    source = operation.operand
    if source is None:
        return ANYTHING
    receiver = value_of(source, frame)
    if operation.name and source.name == operation.name and source.how != "attribute":
        return _LOOKS_AT_ANYTHING if receiver is len else ANYTHING
    if type(receiver) in _IMMUTABLE and operation.name != "join":
        looks = operation.name in _LOOK_AT_ARGUMENTS or not _holds_nothing(receiver)
        return _LOOKS_AT_ANYTHING if looks else _NOTHING
    if operation.name in _CONSUME or (any_name and type(receiver) is dict):
        return ANYTHING
    if operation.name in _COMPARE:
        return _LOOKS_AT_ANYTHING if operation.name in _LOOKS else ANYTHING
    lock = _lock_of(receiver)
    if type(receiver) in _CONTAINERS or lock is not None:
        key = (id(receiver if lock is None else lock), "")
        return Access((key,)) if operation.name in _LOOKS else Access((), (key,))
    return ANYTHING


def _lock_of(primitive: Any) -> object:
    """Returns the lock that every operation on a primitive of the standard library goes through."""
    kind = type(primitive)
    if kind in (LOCK, RLOCK, queue.SimpleQueue):
        return primitive
    if kind is threading.Condition:
        return primitive._lock
    if kind in (
        threading.Event,
        threading.Semaphore,
        threading.BoundedSemaphore,
        threading.Barrier,
    ):
        return primitive._cond._lock
    if kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
        return primitive.mutex
    return None


class Entered:
    """What actors have entered with `with`: the end of one does not say what it leaves."""

    def __init__(self) -> None:
        self._entered: dict[object, list[tuple[int, Any]]] = {}

    def clear(self) -> None:
        """Forgets everything, before a run."""
        self._entered.clear()

    def access_of(
        self, actor: object, operation: Operation, frame: FrameType, any_name: bool
    ) -> Access:
        """Tells what an operation of an actor is about to touch; see the function `access_of`."""
        entered = UNKNOWN
        if operation.kind in ("enter", "exit"):
            entered = self.note(actor, operation, frame)
        return access_of(operation, frame, entered, any_name)

    def note(self, actor: object, operation: Operation, frame: FrameType) -> Any:
        """Notes that a `with` begins or ends; returns what is entered or left."""
        if operation.kind == "exit":
            return self._left(actor, frame)
        entered = value_of(operation.operand, frame)
        self._entered.setdefault(actor, []).append((id(frame), entered))
        return entered

    def _left(self, actor: object, frame: FrameType) -> Any:
        """Returns what the innermost `with` of a frame has entered."""
        stack = self._entered.get(actor, [])
        for number in range(len(stack) - 1, -1, -1):
            if stack[number][0] == id(frame):
                return stack.pop(number)[1]
        return UNKNOWN
