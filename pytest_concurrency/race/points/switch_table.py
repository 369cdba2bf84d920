"""The natural switch points of a code object of 3.10 or 3.11, which have no events for them.

Measured by sampling with a signal handler, which runs where the interpreter looks for requests:
3.10 looks after each call, after JUMP_ABSOLUTE and after each POP_JUMP_IF that jumps, forward ones
too; 3.11 after backward jumps, and after calls that do not go on in Python code or are specialised.
"""

from __future__ import annotations

import inspect
import sys
from types import CodeType, FrameType
from typing import NamedTuple

from pytest_concurrency.race.points.operands import (
    CALLS,
    Source,
    called,
    instructions_with_stacks,
)
from pytest_concurrency.race.points.switches import (
    is_put_off,
    returns_unchecked,
)
from pytest_concurrency.race.points.values import UNKNOWN, value_of

__all__ = ["SwitchPoint", "callee_in", "find_switches"]

_JUMPS = frozenset(
    ["JUMP_ABSOLUTE", "POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"]
    if sys.version_info < (3, 11)
    else [
        "JUMP_BACKWARD",
        "POP_JUMP_BACKWARD_IF_TRUE",
        "POP_JUMP_BACKWARD_IF_FALSE",
        "POP_JUMP_BACKWARD_IF_NONE",
        "POP_JUMP_BACKWARD_IF_NOT_NONE",
    ]
)
# A call with `*` of 3.11 calls Python code from C, and 3.10 does so with all calls.
_ENTERING = sys.version_info >= (3, 11)


class SwitchPoint(NamedTuple):
    """An instruction that looks for requests, if it goes on at `arrival`.

    Args:
        offset: Where it is.
        arrival: The offset that a trace function sees next then.
        enters: Whether it is a call that goes on in Python code if what it calls is that.
        callee: How the callable got on the stack, if that is known.
        first: The same for what a method is called on.
        arguments: How many arguments it passes by position; -1 if it passes others.
        dropped: Whether the result of the call is dropped at once.
    """

    offset: int
    arrival: int
    enters: bool = False
    callee: Source | None = None
    arguments: int = -1
    dropped: bool = False

    def returns_unchecked(self, callee: object, frame: FrameType) -> bool:
        """Tells whether what is called has an instruction of its own that looks for nothing."""
        base = self.callee.base if self.callee is not None else None
        return self.enters and returns_unchecked(
            callee, self.arguments, value_of(base, frame), self.dropped
        )


def find_switches(code: CodeType) -> dict[int, SwitchPoint]:
    """Finds the natural switch points of a code object, by the offset a trace function sees."""
    found: dict[int, SwitchPoint] = {}
    start: int | None = None
    call: tuple[int, SwitchPoint] | None = None
    keywords = False
    for instruction, stack in instructions_with_stacks(code):
        name, argument = instruction.opname, instruction.arg or 0
        # An event comes at the first EXTENDED_ARG, and none at what it extends.
        start = instruction.offset if start is None else start
        if name == "EXTENDED_ARG":
            continue
        if call is not None:
            seen, point = call
            call = None
            if not is_put_off(code, start):
                found[seen] = point._replace(arrival=start, dropped=name == "POP_TOP")
        if name in CALLS:
            point = SwitchPoint(instruction.offset, -1)
            if _ENTERING and name == "CALL":
                callee = called(name, argument, stack)
                point = point._replace(
                    enters=True, callee=callee, arguments=-1 if keywords else argument
                )
            call = start, point
        elif name in _JUMPS and not is_put_off(code, instruction.argval):
            found[start] = SwitchPoint(instruction.offset, instruction.argval)
        keywords = name == "KW_NAMES" or (keywords and name == "PRECALL")
        start = None
    return found


def callee_in(frame: FrameType, source: Source | None) -> object:
    """Returns what is about to be called, without running any code of the user's.

    Args:
        frame: Where.
        source: How it got on the stack.

    Returns:
        The callable, not bound to anything; `UNKNOWN` if it cannot be told.
    """
    found = value_of(source, frame)
    if found is not UNKNOWN or source is None or source.how != "attribute":
        return found
    owner = value_of(source.base, frame)
    if owner is UNKNOWN:
        return UNKNOWN
    found = inspect.getattr_static(owner, source.name, UNKNOWN)
    if type(found) in (staticmethod, classmethod):
        return found.__func__
    return UNKNOWN if type(found) is property else found
