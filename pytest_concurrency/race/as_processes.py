"""Actors that are processes of one start method."""

from __future__ import annotations

from multiprocessing.context import BaseContext

from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.processes.scheduler import ProcessScheduler
from pytest_concurrency.race.runs import Case, Failure
from pytest_concurrency.race.schedule import Schedule

__all__ = ["AsProcesses"]


class AsProcesses:
    """Runs actors in processes.

    Args:
        context: Of the start method.
        trace: What else is the user's code: see `Scope`.
    """

    def __init__(self, context: BaseContext, trace: tuple[str, ...]) -> None:
        self._context = context
        self._trace = trace

    def driver(self, scope: Scope, max_steps: int) -> ProcessScheduler:
        """Makes the scheduler of processes."""
        return ProcessScheduler(self._context, max_steps, self._trace)
