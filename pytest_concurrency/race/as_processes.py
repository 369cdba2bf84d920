"""Actors that are processes of one start method."""

from __future__ import annotations

from multiprocessing.context import BaseContext

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.processes.elsewhere import elsewhere
from pytest_concurrency.race.processes.naming import name_copies
from pytest_concurrency.race.processes.scheduler import ProcessScheduler
from pytest_concurrency.race.recording import Record
from pytest_concurrency.race.runs import Case, Failure
from pytest_concurrency.race.schedule import Schedule

__all__ = ["AsProcesses"]


class AsProcesses:
    """Runs actors in processes, which live until this is closed.

    Args:
        context: Of the start method.
        trace: What else is the user's code: see `Scope`.
    """

    def __init__(self, context: BaseContext, trace: tuple[str, ...]) -> None:
        self._context = context
        self._trace = trace
        self._scheduler: ProcessScheduler | None = None

    def driver(self, scope: Scope, max_steps: int) -> ProcessScheduler:
        """Returns the scheduler of the processes."""
        if self._scheduler is None:
            self._scheduler = ProcessScheduler(self._context, max_steps, self._trace)
        return self._scheduler

    def recorder(self, scope: Scope, max_steps: int) -> ProcessScheduler:
        """Returns the same scheduler, which records now."""
        scheduler = self.driver(scope, max_steps)
        scheduler.records = True
        return scheduler

    def judge(
        self,
        case: Case,
        scope: Scope,
        schedule: Schedule | None,
        failure: Failure,
        seed: int,
        max_steps: int,
    ) -> str:
        """Says that processes run in parallel."""
        return (
            "reachable today: processes run in parallel, and the system can stop each of them "
            "anywhere"
        )

    def elsewhere(self, case: Case, schedule: Schedule, failure: Failure, max_steps: int) -> str:
        """Replays the schedule under the other start methods."""
        # The workers are not needed any more, and the next ones shall find room.
        self.close()
        return elsewhere(
            self._context.get_start_method(), case, schedule, failure, max_steps, self._trace
        )

    def diagnose(self, record: Record) -> Diagnosis | None:
        """Names what a process did to its own copy, or did not get from its parent."""
        assert self._scheduler is not None
        return name_copies(record, self._scheduler.facts, self._context.get_start_method())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the states have cost, if that is worth a word."""
        note = "" if self._scheduler is None else self._scheduler.note
        return (note,) if note else ()

    def close(self) -> None:
        """Ends the processes."""
        if self._scheduler is not None:
            self._scheduler.close()
            self._scheduler = None
