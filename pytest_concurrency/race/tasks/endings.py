"""Ends what is left on a loop: cancels every task, and bounds what those do then."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_concurrency.race.driver import Fault
from pytest_concurrency.race.tasks.actors import OnLoop, TaskActor

if TYPE_CHECKING:
    from pytest_concurrency.race.tasks.driver import TaskScheduler

__all__ = ["end_tasks"]

# How many steps the tasks of a run may take, all together, after they were cancelled.
_STEPS = 1_000


def end_tasks(scheduler: TaskScheduler, tasks: Sequence[TaskActor]) -> None:
    """Cancels tasks and runs what they do then, first come first served, up to a limit.

    Args:
        scheduler: Whose run is over.
        tasks: All of its run.
    """
    pending = [actor for actor in tasks if not actor.is_done]
    for actor in pending:
        actor.task.cancel()
    left = _run_all(scheduler, _STEPS)
    if scheduler.loop._asyncgens:  # type: ignore[attr-defined]
        scheduler.current = scheduler._loop_actor
        scheduler.loop.create_task(scheduler.loop.shutdown_asyncgens())
        left = _run_all(scheduler, left)
    for each in scheduler.actors:
        if isinstance(each, TaskActor) and not each.is_done:
            _give_up(scheduler, each, closes=left > 0)


def _run_all(scheduler: TaskScheduler, left: int) -> int:
    """Runs whoever can go on, in turn, and lets time pass when nobody can."""
    while left > 0:
        actors = [each for each in scheduler.actors if isinstance(each, OnLoop)]
        ready = [each for each in actors if each.is_ready or each.fired]
        if not ready:
            if all(each.is_done for each in actors if isinstance(each, TaskActor)):
                break
            timed = [(each.due, each.index, each) for each in actors if each.due is not None]
            if not timed:
                break
            when, _, first = min(timed)
            scheduler.now = max(scheduler.now, when)
            first.fired = True
            ready = [first]
        for each in ready:
            left -= 1
            scheduler.current = each
            # The run is judged, and a task keeps what it raises: only this loop would be ended.
            with contextlib.suppress(BaseException):
                if each.fired:
                    each.fired = False
                    each.fire()
                each.run()
            scheduler._run_glue()
    return left


def _give_up(scheduler: TaskScheduler, actor: TaskActor, *, closes: bool) -> None:
    """Gives up a task that does not end although it was cancelled.

    Args:
        scheduler: Whose run is over.
        actor: The task.
        closes: Whether it waits for something; one that goes on and on would do so when closed.
    """
    coroutine = actor.task.get_coro()
    actor.task._log_destroy_pending = False  # type: ignore[attr-defined]
    if closes:
        with contextlib.suppress(BaseException):
            coroutine.close()
        return
    if scheduler.ending == "complete":
        scheduler.note_fault(Fault("uncancelled", actor.path, None, actor.name))
    # It is kept for ever: its finaliser would close it, and perhaps never come back.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
