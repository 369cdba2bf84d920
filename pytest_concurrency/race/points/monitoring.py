"""Visible operations by sys.monitoring, for Python 3.12 and later.

Opcode events of sys.settrace crash 3.12.1 with three threads, so it is never used there.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Mapping
from types import CodeType

from pytest_concurrency.errors import message
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.switches import Switches
from pytest_concurrency.race.points.table import is_plain, table_of

__all__ = ["MonitoringPoints", "NaturalMonitoringPoints"]

_NAME = "pytest_concurrency.race"
# 0, 1, 2 and 5 are reserved for debuggers, coverage, profilers and optimizers.
_TOOL_IDS = (4, 3)

if sys.version_info >= (3, 12):

    def _other_watcher(own: int, code: CodeType | None = None) -> str:
        """Names another tool that watches instructions, of one code object or of all."""
        monitoring = sys.monitoring
        for number in range(6):
            name = None if number == own else monitoring.get_tool(number)
            if not name:
                continue
            events = monitoring.get_events(number)
            if code is not None:
                events |= monitoring.get_local_events(number, code)
            if events & monitoring.events.INSTRUCTION:
                return name
        return ""

    def _refused(other: str) -> RuntimeError:
        return RuntimeError(
            message(
                "the race detector cannot watch beside another tool that watches instructions: "
                "CPython would give the events to one of them only",
                evidence=f"{other} watches INSTRUCTION events of sys.monitoring "
                "(https://github.com/python/cpython/issues/157900)",
                next_step=f"run the test without {other}",
            )
        )

    class MonitoringPoints:
        """Watches by local INSTRUCTION events; what is not visible is disabled at first sight.

        Args:
            scope: Tells the user's code from other code.
            reach: Called before each visible operation, in the thread that comes to it.

        Raises:
            RuntimeError: By `start`, when no tool id is free.
        """

        def __init__(self, scope: Scope, reach: Callable[[Operation], None]) -> None:
            self.table = table_of(scope)
            self._reach = reach
            self._tool = -1
            self._beside = ""
            self._threads: set[int] = set()

        def start(self) -> None:
            """Takes a tool id and watches for code that starts."""
            monitoring = sys.monitoring
            free = [each for each in _TOOL_IDS if monitoring.get_tool(each) is None]
            if not free:
                owners = [f"{each}: {monitoring.get_tool(each)}" for each in _TOOL_IDS]
                raise RuntimeError(
                    message(
                        "the race detector cannot watch: both tool ids of sys.monitoring are taken",
                        evidence="\n".join(owners),
                        cause="is a race tested from within another race, or by two tools?",
                        next_step="run the test without the other tool",
                    )
                )
            self._tool = free[0]
            events = monitoring.events
            monitoring.use_tool_id(self._tool, _NAME)
            monitoring.register_callback(self._tool, events.PY_START, self._on_start)
            monitoring.register_callback(self._tool, events.INSTRUCTION, self._on_instruction())
            # What another race disabled with the same tool id is still disabled.
            monitoring.restart_events()
            monitoring.set_events(self._tool, events.PY_START)
            other = _other_watcher(self._tool)
            if other:
                self.stop()
                raise _refused(other)
            for code in self.table.codes():
                self._watch(code)

        def stop(self) -> None:
            """Clears all events and gives the tool id back."""
            if self._tool < 0:
                return
            monitoring = sys.monitoring
            monitoring.set_events(self._tool, 0)
            for code in self.table.codes():
                monitoring.set_local_events(self._tool, code, 0)
            for event in (monitoring.events.PY_START, monitoring.events.INSTRUCTION):
                monitoring.register_callback(self._tool, event, None)
            monitoring.free_tool_id(self._tool)
            self._tool = -1

        def call(self, reach: Callable[[Operation], None]) -> None:
            """Calls another function before each visible operation from now on."""
            self._reach = reach
            if self._tool >= 0:
                event = sys.monitoring.events.INSTRUCTION
                sys.monitoring.register_callback(self._tool, event, self._on_instruction())

        def passed_switch(self) -> bool:
            """Returns True: only the natural points know better."""
            return True

        def step_aside(self, aside: bool) -> bool:
            """Returns False: another tool that traces does so at the same time."""
            return False

        def watch_thread(self) -> None:
            """Has the code that the calling thread starts looked at, as sys.settrace would."""
            self._threads.add(get_ident())

        def watch_at_once(self) -> None:
            """Does what `watch_thread` does: events are those of code, not of frames."""
            self.watch_thread()

        def refresh(self) -> None:
            """Enables what turned out to be visible."""
            if self._beside:
                raise _refused(self._beside)
            if self.table.update():
                sys.monitoring.restart_events()

        def _on_start(self, code: CodeType, _offset: int) -> object:
            if code not in self.table.scope:
                return sys.monitoring.DISABLE
            if get_ident() not in self._threads:
                # Disabled, it would not be seen when an actor starts it.
                return None
            if self._is_new(code):
                self._add(code, sys._getframe(1).f_globals)
            return sys.monitoring.DISABLE

        def _is_new(self, code: CodeType) -> bool:
            return code in self.table.scope and id(code) not in self.table.operations

        def _add(self, code: CodeType, namespace: Mapping[str, object]) -> None:
            self.table.add(code, namespace)
            self._watch(code)

        def _watch(self, code: CodeType) -> None:
            self._beside = self._beside or _other_watcher(self._tool, code)
            sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.INSTRUCTION)

        def _on_instruction(self) -> Callable[[CodeType, int], object]:
            operations, reach, disable = self.table.operations, self._reach, sys.monitoring.DISABLE

            def on_instruction(code: CodeType, offset: int) -> object:
                operation = operations[id(code)].get(offset)
                if operation is None:
                    return disable
                if operation.local is None or not is_plain(operation, sys._getframe(1)):
                    reach(operation)
                return None

            return on_instruction

    class NaturalMonitoringPoints(MonitoringPoints):
        """Knows as well where this interpreter itself could have switched threads.

        Takes events from all Python code, not from the user's alone.
        """

        def __init__(self, scope: Scope, reach: Callable[[Operation], None]) -> None:
            super().__init__(scope, reach)
            self.switches = Switches()

        def start(self) -> None:
            """Takes a tool id and watches all code."""
            super().start()
            monitoring, events, switches = sys.monitoring, sys.monitoring.events, self.switches
            callbacks: dict[int, Callable[..., object]] = {
                events.PY_RESUME: switches.on_entry,
                events.JUMP: switches.on_jump,
                events.CALL: switches.on_call,
                events.C_RETURN: switches.on_return,
            }
            for event, callback in callbacks.items():
                monitoring.register_callback(self._tool, event, callback)
            wanted = events.PY_START | events.PY_RESUME | events.JUMP | events.CALL
            # The events of returns from C come with those of calls, and cannot be asked for alone.
            monitoring.set_events(self._tool, wanted)

        def stop(self) -> None:
            """Clears all events and gives the tool id back."""
            if self._tool < 0:
                return
            events = sys.monitoring.events
            sys.monitoring.set_events(self._tool, 0)
            for event in (events.PY_RESUME, events.JUMP, events.CALL, events.C_RETURN):
                sys.monitoring.register_callback(self._tool, event, None)
            super().stop()

        def passed_switch(self) -> bool:
            """Tells whether the calling thread has passed a natural switch point since it asked."""
            return self.switches.take()

        def _on_start(self, code: CodeType, offset: int) -> object:
            if get_ident() in self._threads and self._is_new(code):
                self._add(code, sys._getframe(1).f_globals)
            self.switches.on_entry(code, offset)
            return None
