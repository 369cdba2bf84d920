"""Visible operations by the opcode events of sys.settrace, for Python 3.10 and 3.11."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.table import OperationTable, is_plain

__all__ = ["SettracePoints"]

_Trace = Callable[[FrameType, str, Any], Any]


class SettracePoints:
    """Watches the threads that ask for it, and no others.

    Args:
        scope: Tells the user's code from other code.
        reach: Called before each visible operation, in the thread that comes to it.
    """

    def __init__(self, scope: Scope, reach: Callable[[Operation], None]) -> None:
        self.table = OperationTable(scope)
        self._reach = reach
        self._traces: dict[int, _Trace | None] = {}
        self._watching = False

    def start(self) -> None:
        """Lets `watch_thread` watch."""
        self._watching = True

    def stop(self) -> None:
        """Stops watching: threads that are still watched see nothing any more."""
        self._watching = False

    def call(self, reach: Callable[[Operation], None]) -> None:
        """Calls another function before each visible operation from now on."""
        self._reach = reach

    def watch_thread(self) -> None:
        """Sets the trace function of the calling thread, again if an exception has removed it."""
        if sys.gettrace() is None:
            sys.settrace(self._on_call)

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
            trace = self._traces[id(code)] = self._trace_for(self.table.add(code, frame.f_globals))
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
