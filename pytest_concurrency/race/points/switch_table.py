"""The natural switch points of a code object of 3.10 or 3.11, which have no events for them.

Measured by sampling with a signal handler, which runs where the interpreter looks for requests:
3.10 looks after each call, after JUMP_ABSOLUTE and POP_JUMP_IF when they jump, forward too, and
before it goes on with the handler of an exception. 3.11 looks after backward jumps, and after calls
unless they go on in Python code or have a specialised instruction.
"""

from __future__ import annotations

import dis
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
from pytest_concurrency.race.points.switches import returns_unchecked
from pytest_concurrency.race.points.values import UNKNOWN, value_of

__all__ = ["ANYWHERE", "SwitchPoint", "callee_in", "find_switches", "handler_after"]

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
# From 3.11 on, calls of Python functions go on in Python code; 3.10 calls everything from C.
_ENTERING = sys.version_info >= (3, 11)
_HANDLERS_LOOK = not _ENTERING
# What an exception ends without any handler.
_ENDED = frozenset(dis.opmap.get(name) for name in ("FOR_ITER", "YIELD_FROM"))

ANYWHERE = -1
"""Stands for the offset of a handler, which is not known before an exception is raised."""


class SwitchPoint(NamedTuple):
    """An instruction that looks for requests, if it goes on at `arrival`.

    Args:
        offset: Where it is.
        arrival: The offset that a trace function sees next then, or `ANYWHERE`.
        enters: Whether it is a call that goes on in Python code if what it calls is that.
        callee: How the callable got on the stack, if that is known.
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
        """Tells whether the call has a specialised instruction that looks for no requests.

        Args:
            callee: What is called; no Python function.
            frame: Where.
        """
        base = self.callee.base if self.callee is not None else None
        first = value_of(base, frame)
        return returns_unchecked(callee, self.arguments, first, self.dropped)


def find_switches(code: CodeType) -> dict[int, SwitchPoint]:
    """Finds the natural switch points of a code object, by the offset a trace function sees."""
    found: dict[int, SwitchPoint] = {}
    start: int | None = None
    call: tuple[int, SwitchPoint] | None = None
    keywords = False
    nones = 0
    for instruction, stack in instructions_with_stacks(code):
        name, argument = instruction.opname, instruction.arg or 0
        # An event comes at the first EXTENDED_ARG, and none at what it extends.
        start = instruction.offset if start is None else start
        if name == "EXTENDED_ARG":
            continue
        if call is not None:
            seen, point = call
            call = None
            found[seen] = point._replace(arrival=start, dropped=name == "POP_TOP")
        if name in CALLS:
            point = SwitchPoint(start, ANYWHERE)
            # Leaving a `with` calls a bound method with self twice, which goes through C.
            if _ENTERING and name == "CALL" and not (argument == 2 and nones == 3):
                arguments = -1 if keywords else argument
                point = point._replace(
                    enters=True, callee=called(name, argument, stack), arguments=arguments
                )
            if point.callee is None or point.callee.how != "function":
                call = start, point
        elif name in _JUMPS:
            found[start] = SwitchPoint(start, instruction.argval)
        elif name == "RERAISE" and _HANDLERS_LOOK:
            found[start] = SwitchPoint(start, ANYWHERE)
        keywords = name == "KW_NAMES" or (keywords and name == "PRECALL")
        if name != "PRECALL":
            nones = nones + 1 if name == "LOAD_CONST" and instruction.argval is None else 0
        start = None
    return found


def handler_after(frame: FrameType, kind: type) -> SwitchPoint | None:
    """Returns the switch point that a frame of 3.10 passes if it handles an exception.

    Args:
        frame: Where the exception is on its way.
        kind: Its type.
    """
    ends_loop = issubclass(kind, StopIteration) and frame.f_code.co_code[frame.f_lasti] in _ENDED
    return None if ends_loop or not _HANDLERS_LOOK else SwitchPoint(frame.f_lasti, ANYWHERE)


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
