"""Looks at containers that are no visible operations: truth tests, comparisons, arithmetic, texts.

They happen together with the visible operation before them. So an operation may look at anything
if code that can follow it, up to the next one, does such a thing to what may be a container.
"""

from __future__ import annotations

from functools import partial
from types import CodeType, FrameType, FunctionType
from typing import Any

from pytest_concurrency.race.points.operands import (
    CALLS,
    Source,
    called,
    instructions_with_stacks,
)
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import UNKNOWN, value_of

__all__ = ["Looks"]

_TESTS = ("POP_JUMP", "JUMP_IF_", "TO_BOOL", "UNARY_", "FORMAT_", "CONVERT_VALUE", "GET_ITER")
_OF_TWO = ("COMPARE_OP", "BINARY_", "INPLACE_", "CONTAINS_OP", "UNPACK_", "LIST_EXTEND", "FOR_ITER")
_OF_TWO_MORE = ("SET_UPDATE", "DICT_UPDATE", "DICT_MERGE")
_CONSTANT = ("constant", "filler", "function", "built")


class Looks:
    """Tells whether looks may follow an operation; remembers the codes it has gone through."""

    def __init__(self) -> None:
        # The code is kept alive, so that its id is a name.
        self._known: dict[int, tuple[CodeType, tuple[Source, ...]]] = {}

    def may_follow(self, frame: FrameType | None, scope: Scope) -> bool:
        """Tells whether looks may follow an operation in a frame, or after it returns.

        Args:
            frame: The frame that has come to the operation.
            scope: Tells the user's code from other code.
        """
        while frame is not None and frame.f_code in scope:
            for source in self._of(frame.f_code):
                if self._matters(value_of(source, frame)):
                    return True
            frame = frame.f_back
        return False

    def may_begin(self, target: Any) -> bool:
        """Tells whether looks may come before the first operation of an actor."""
        while isinstance(target, partial):
            target = target.func
        target = getattr(target, "__func__", target)
        return not isinstance(target, FunctionType) or bool(self._of(target.__code__))

    def _matters(self, value: Any) -> bool:
        if isinstance(value, FunctionType):
            return bool(self._of(value.__code__))
        if isinstance(value, type):
            return self._matters(getattr(value, "__init__", None))
        if value is UNKNOWN:
            return True
        # What a class of the user's does in Python has operations of its own.
        size = getattr(type(value), "__len__", None)
        return not isinstance(value, (str, bytes, range)) and not (
            size is None or isinstance(size, FunctionType)
        )

    def _of(self, code: CodeType) -> tuple[Source, ...]:
        known = self._known.get(id(code))
        if known is None:
            # A function that calls itself is looked through once.
            self._known[id(code)] = code, ()
            known = self._known[id(code)] = code, tuple(dict.fromkeys(_looked_at(code)))
        return known[1]


def _looked_at(code: CodeType) -> list[Source]:
    """Returns where the values come from that code looks at, without those that are constant."""
    found: list[Source | None] = []
    for instruction, stack in instructions_with_stacks(code):
        name = instruction.opname
        if name in CALLS:
            callee = called(name, instruction.arg or 0, stack)
            if callee is not None and callee.how != "attribute":
                found.append(callee)
            found += stack[-(instruction.arg or 0) :] if instruction.arg else []
        elif name.startswith(_OF_TWO) or name in _OF_TWO_MORE:
            found += stack[-2:]
        elif name.startswith(_TESTS) and not name.endswith("NONE"):
            found += stack[-1:]
    return [each for each in found if each is not None and each.how not in _CONSTANT]
