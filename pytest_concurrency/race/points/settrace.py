"""Visible operations by the opcode events of sys.settrace, for Python 3.10 and 3.11."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope, is_ours
from pytest_concurrency.race.points.switch_table import (
    ANYWHERE,
    SwitchPoint,
    callee_in,
    find_switches,
    handler_after,
)
from pytest_concurrency.race.points.switches import (
    Switches,
    enters_function,
    is_checked_entry,
    is_put_off,
)
from pytest_concurrency.race.points.table import is_plain, table_of
from pytest_concurrency.race.points.values import UNKNOWN

__all__ = ["NaturalSettracePoints", "SettracePoints"]

_Trace = Callable[[FrameType, str, Any], Any]


class SettracePoints:
    """Watches the threads that ask for it, and no others.

    Args:
        scope: Tells the user's code from other code.
        reach: Called before each visible operation, in the thread that comes to it.
    """

    def __init__(self, scope: Scope, reach: Callable[[Operation], None]) -> None:
        self.table = table_of(scope)
        self._reach = reach
        self._traces: dict[int, _Trace | None] = {}
        self._watching = False
        self._is_aside = False

    def start(self) -> None:
        """Lets `watch_thread` watch."""
        self._watching = True

    def stop(self) -> None:
        """Stops watching: threads that are still watched see nothing any more."""
        self._watching = False

    def call(self, reach: Callable[[Operation], None]) -> None:
        """Calls another function before each visible operation from now on."""
        self._reach = reach

    def passed_switch(self) -> bool:
        """Returns True: only the natural points know better."""
        return True

    def watch_thread(self) -> None:
        """Sets the trace function of the calling thread, again if an exception has removed it."""
        aside = self._is_aside or not self._watching
        wanted = threading.gettrace() if aside else self._on_call
        if sys.gettrace() != wanted:
            sys.settrace(wanted)

    def watch_at_once(self) -> None:
        """Watches the calling thread from the middle of what it does."""
        self.watch_thread()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            frame.f_trace = self._on_call(frame, "call", None)
            frame = frame.f_back

    def step_aside(self, aside: bool) -> bool:
        """Leaves the trace function of actors to another tool, coverage for instance, or not."""
        self._is_aside = aside and threading.gettrace() is not None
        return self._is_aside

    def refresh(self) -> None:
        """Takes up what turned out to be visible."""
        self.table.update()

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> _Trace | None:
        code = frame.f_code
        try:
            trace = self._traces[id(code)]
        except KeyError:
            if code not in self.table.scope:
                # Not remembered: an id is a name only for the code that the table keeps alive.
                return None
            operations = self.table.known(code, frame.f_globals)
            trace = self._traces[id(code)] = self._trace_for(operations)
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return trace

    def _trace_for(self, operations: dict[int, Operation]) -> _Trace:
        def on_event(frame: FrameType, event: str, _argument: object) -> _Trace:
            if event == "opcode":
                operation = operations.get(frame.f_lasti)
                if (
                    operation is not None
                    and (operation.local is None or not is_plain(operation, frame))
                    and self._watching
                ):
                    self._reach(operation)
            return on_event

        return on_event


class NaturalSettracePoints(SettracePoints):
    """Knows as well where this interpreter itself could have switched threads.

    Follows all Python code of the threads that it watches, not the user's alone.
    """

    def __init__(self, scope: Scope, reach: Callable[[Operation], None]) -> None:
        super().__init__(scope, reach)
        self.switches = Switches()
        self._tables: dict[int, tuple[CodeType, dict[int, SwitchPoint]]] = {}
        # The frames that call something unknown and have entered no function since.
        self._calling: set[int] = set()

    def passed_switch(self) -> bool:
        """Tells whether the calling thread has passed a natural switch point since it asked."""
        return self.switches.take()

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> _Trace | None:
        code = frame.f_code
        if is_ours(code):
            return None
        # The body of a class is no function, and is entered from C.
        if frame.f_back is not None and code.co_flags & CO_OPTIMIZED:
            self._calling.discard(id(frame.f_back))
        if is_checked_entry(code, frame.f_lasti):
            self.switches.note(code, frame.f_lasti)
        operations: dict[int, Operation] = {}
        if code in self.table.scope:
            operations = self.table.known(code, frame.f_globals)
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return self._trace_naturally(operations, self._table_of(code))

    def _table_of(self, code: CodeType) -> dict[int, SwitchPoint]:
        # The code is kept alive, so that its id is a name.
        known = self._tables.get(id(code))
        if known is None:
            known = self._tables[id(code)] = (code, find_switches(code))
        return known[1]

    def _trace_naturally(
        self, operations: dict[int, Operation], table: dict[int, SwitchPoint]
    ) -> _Trace:
        """Makes the trace function of one frame."""
        trace = self._trace_for(operations)
        ahead: SwitchPoint | None = None
        unknown = False

        def on_event(frame: FrameType, event: str, argument: Any) -> _Trace:
            nonlocal ahead, unknown
            if event == "exception":
                ahead, unknown = handler_after(frame, argument[0]), False
            if event != "opcode":
                return on_event
            if (
                ahead is not None
                and ahead.arrival in (frame.f_lasti, ANYWHERE)
                and not is_put_off(frame.f_code, frame.f_lasti)
                and (not unknown or id(frame) in self._calling)
            ):
                self.switches.note(frame.f_code, ahead.offset)
            trace(frame, event, argument)
            ahead = table.get(frame.f_lasti)
            if ahead is None or not ahead.enters:
                unknown = False
                return on_event
            callee = callee_in(frame, ahead.callee)
            unknown = callee is UNKNOWN
            if unknown:
                self._calling.add(id(frame))
            elif enters_function(callee) or ahead.returns_unchecked(callee, frame):
                ahead = None
            return on_event

        return on_event
