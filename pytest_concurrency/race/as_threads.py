"""Actors that are threads of this process."""

from __future__ import annotations

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recorder import Recorder
from pytest_concurrency.race.recording import Record
from pytest_concurrency.race.runs import Case, Failure
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.threads import Scheduler
from pytest_concurrency.race.verdict import judge

__all__ = ["AsThreads"]


class AsThreads:
    """Runs actors in threads."""

    def driver(self, scope: Scope, max_steps: int) -> Scheduler:
        """Makes the scheduler of threads."""
        return Scheduler(scope, max_steps)

    def recorder(self, scope: Scope, max_steps: int) -> Recorder:
        """Makes a scheduler of threads that records."""
        return Recorder(scope, max_steps)

    def judge(
        self,
        case: Case,
        scope: Scope,
        schedule: Schedule | None,
        failure: Failure,
        seed: int,
        max_steps: int,
    ) -> str:
        """Searches again where this interpreter itself switches threads."""
        return str(judge(case, scope, schedule, failure, seed, max_steps))

    def elsewhere(self, case: Case, schedule: Schedule, failure: Failure, max_steps: int) -> str:
        """Returns nothing: there is one kind of threads."""
        return ""

    def diagnose(self, record: Record) -> Diagnosis | None:
        """Returns None: what threads do wrong, other actors do as well."""
        return None

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def close(self) -> None:
        """Does nothing: each scheduler has ended its threads."""
