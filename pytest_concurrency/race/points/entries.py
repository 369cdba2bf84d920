"""Operations that begin with the entry of a Python function, where threads can switch.

A thread that is stopped there has done nothing of the operation yet.
"""

from __future__ import annotations

from inspect import getattr_static
from types import FrameType, FunctionType, MethodType
from typing import Any

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import is_ours
from pytest_concurrency.race.points.values import UNKNOWN, value_of

__all__ = ["enters_python"]

_ACCESSORS = {"read": "fget", "write": "fset", "delete": "fdel"}


def enters_python(operation: Operation, frame: FrameType) -> bool:
    """Tells whether an operation begins with the entry of a function written in Python.

    Args:
        operation: What comes next.
        frame: The frame that has come to it.
    """
    source = operation.operand
    subject = value_of(source, frame)
    if subject is UNKNOWN or source is None:
        return False
    kind, name = operation.kind, operation.name
    if kind == "enter":
        return _is_python(getattr_static(type(subject), "__enter__", None))
    if kind in _ACCESSORS and source.name != name:
        found = getattr_static(type(subject), name, None)
        return isinstance(found, property) and _is_python(getattr(found, _ACCESSORS[kind]))
    if kind != "call":
        return False
    if name == source.name:
        return _is_python(subject)
    return _is_python(getattr_static(type(subject), name, None))


def _is_python(target: Any) -> bool:
    if isinstance(target, MethodType):
        target = target.__func__
    if isinstance(target, type):
        target = getattr_static(target, "__init__", None)
    # Our stand-ins for what is written in C count as what they stand for.
    return isinstance(target, FunctionType) and not is_ours(target.__code__)
