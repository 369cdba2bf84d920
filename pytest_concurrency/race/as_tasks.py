"""Actors that are tasks of asyncio, on an event loop of ours."""

from __future__ import annotations

from pytest_concurrency.race.mishaps import name_unfinished, name_unnoticed
from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recording import Record
from pytest_concurrency.race.runs import Case, Failure
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.tasks.driver import TaskScheduler
from pytest_concurrency.race.tasks.loop import EventLoop
from pytest_concurrency.race.tasks.recorder import TaskRecorder
from pytest_concurrency.race.tasks.verdict import judge_tasks

__all__ = ["AsTasks"]


class AsTasks:
    """Runs actors in tasks; all its drivers use one loop, so that a global lock fits it."""

    def __init__(self) -> None:
        self._loop = _closed_loop()

    def driver(self, scope: Scope, max_steps: int) -> TaskScheduler:
        """Makes the scheduler of tasks."""
        return TaskScheduler(scope, max_steps, loop=self._usable_loop())

    def recorder(self, scope: Scope, max_steps: int) -> TaskRecorder:
        """Makes a scheduler of tasks that records."""
        return TaskRecorder(scope, max_steps, loop=self._usable_loop())

    def _usable_loop(self) -> EventLoop:
        if self._loop.abandoned:
            self._loop = _closed_loop()
        return self._loop

    def elsewhere(self, case: Case, schedule: Schedule, failure: Failure, max_steps: int) -> str:
        """Returns nothing: there is one kind of tasks."""
        return ""

    def diagnose(self, record: Record) -> Diagnosis | None:
        """Names what nobody has waited for or looked at, where no race explains the failure."""
        if record.waits or record.crashes or record.unnoticed or record.endless:
            return None
        return name_unfinished(record) or (name_unnoticed(record) if record.unread else None)

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def close(self) -> None:
        """Does nothing: each scheduler has closed the loop."""

    def judge(
        self,
        case: Case,
        scope: Scope,
        schedule: Schedule | None,
        failure: Failure,
        seed: int,
        max_steps: int,
    ) -> str:
        """Searches again in asyncio's own order of what is ready."""
        return judge_tasks(self.driver(scope, max_steps), case, failure, seed)


def _closed_loop() -> EventLoop:
    """Makes a loop for drivers to open, which is closed whenever none is in use."""
    loop = EventLoop()
    loop.close()
    return loop
