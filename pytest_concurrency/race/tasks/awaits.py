"""Where a task stands: the line of the user's code that awaits, as a visible operation."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any, Literal

from pytest_concurrency.race.points.lines import first_lines
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope

__all__ = ["AwaitKind", "Awaits", "code_of", "frames_of", "statement_of"]

AwaitKind = Literal["begin", "await", "wait"]
"""What comes next for a task: its first step, the next one, or the next one when it is woken."""


class Awaits:
    """Makes the operations of tasks: one for each place and kind.

    Args:
        scope: Tells the user's code from other code.
        owner_of: Returns the function that a comprehension stands in.
    """

    def __init__(self, scope: Scope, owner_of: Callable[[CodeType], CodeType]) -> None:
        self._scope = scope
        self._owner_of = owner_of
        self._known: dict[tuple[int, int, AwaitKind], Operation] = {}
        self._users: dict[int, tuple[bool, CodeType]] = {}

    def of(self, coroutine: Any, kind: AwaitKind) -> Operation:
        """Returns where a coroutine stands that has begun: its innermost line of the user's."""
        frame = self._users_frame(coroutine)
        if frame is None:
            return self.beginning(code_of(coroutine), kind)
        code = frame.f_code
        key = (id(code), frame.f_lasti, kind)
        known = self._known.get(key)
        if known is None:
            line = statement_of(code, frame.f_lineno)
            known = self._known[key] = self._made(kind, code, frame.f_lasti, line)
        return known

    def beginning(self, code: CodeType, kind: AwaitKind = "begin") -> Operation:
        """Returns the operation of code that has not begun, or whose lines are not the user's."""
        key = (id(code), -1, kind)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(kind, code, -1, code.co_firstlineno)
        return known

    def _made(self, kind: str, code: CodeType, offset: int, line: int) -> Operation:
        """Makes an operation, which keeps the code alive, so that its `id` is a name."""
        made = Operation(kind, "", "await", code, offset, line)
        owner = self._owner_of(code)
        made.function, made.first_line = owner.co_name, owner.co_firstlineno
        # Until the next await a task may do anything.
        made.writes = True
        return made

    def _users_frame(self, awaitable: Any) -> FrameType | None:
        found = None
        while awaitable is not None:
            kind = type(awaitable)
            if kind is CoroutineType:
                frame, awaitable = awaitable.cr_frame, awaitable.cr_await
            elif kind is GeneratorType:
                frame, awaitable = awaitable.gi_frame, awaitable.gi_yieldfrom
            else:
                # A future, or something that does not show what it awaits.
                break
            if frame is not None and self._is_users(frame.f_code):
                found = frame
        return found

    def _is_users(self, code: CodeType) -> bool:
        known = self._users.get(id(code))
        if known is None:
            # The code is kept alive, so that its id is a name.
            known = self._users[id(code)] = (code in self._scope, code)
        return known[0]


def statement_of(code: CodeType, line: int) -> int:
    """Returns the first line of the statement that a line of a code object belongs to."""
    return first_lines(code).get(line, line)


def frames_of(coroutine: Any) -> list[FrameType]:
    """Returns the frames of a suspended coroutine, outermost first."""
    frames = []
    while isinstance(coroutine, (CoroutineType, GeneratorType)):
        if isinstance(coroutine, CoroutineType):
            frame, coroutine = coroutine.cr_frame, coroutine.cr_await
        else:
            frame, coroutine = coroutine.gi_frame, coroutine.gi_yieldfrom
        if frame is not None:
            frames.append(frame)
    return frames


def code_of(coroutine: Any) -> CodeType:
    """Returns the code of a coroutine; ours for one that is not written in Python."""
    for name in ("cr_code", "gi_code"):
        code = getattr(coroutine, name, None)
        if isinstance(code, CodeType):
            return code
    return code_of.__code__
