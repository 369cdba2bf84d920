"""Where else a finding happens: the same schedule under the other start methods."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import synchronize
from multiprocessing.context import BaseContext
from typing import Any

from pytest_concurrency.errors import ChildDied, NotPicklable
from pytest_concurrency.patches import Patches
from pytest_concurrency.race.processes.scheduler import ProcessScheduler
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["elsewhere", "locks_made_for"]

# The same order on every Python: since 3.14 multiprocessing names its default, forkserver, first.
_METHODS = ("fork", "spawn", "forkserver")


def elsewhere(
    method: str,
    case: Case,
    schedule: Schedule,
    failure: Failure,
    max_steps: int,
    trace: tuple[str, ...],
) -> str:
    """Replays a schedule under the other start methods; says under which it fails as well.

    Args:
        method: The start method under which it was found.
        case: The race.
        schedule: What fails.
        failure: How.
        max_steps: As for the search.
        trace: As for the search.
    """
    fails, passes, others = [], [], []
    for other in _METHODS:
        if other == method or other not in multiprocessing.get_all_start_methods():
            continue
        context = multiprocessing.get_context(other)
        try:
            came = _replayed(context, case, schedule, max_steps, trace)
        except (NotPicklable, ChildDied) as error:
            others.append(f"under {other} it cannot be started ({str(error).splitlines()[0]})")
            continue
        if failure.is_like(came):
            fails.append(other)
        elif came is None:
            passes.append(other)
        else:
            others.append(f"under {other} it fails in another way ({came.kind})")
    said = []
    if fails:
        said.append(f"the same schedule fails under {' and '.join(fails)} as well")
    if passes:
        said.append(f"under {' and '.join(passes)} it passes")
    return "; ".join(said + others)


def _replayed(
    context: BaseContext, case: Case, schedule: Schedule, max_steps: int, trace: tuple[str, ...]
) -> Failure | None:
    scheduler = ProcessScheduler(context, max_steps, trace)
    setup = case.setup
    if setup is not None:

        def made_for_it() -> Any:
            assert setup is not None
            with locks_made_for(context):
                return setup()

        case = replace(case, setup=made_for_it)
    with contextlib.closing(scheduler), scheduler:
        runner = Runner(case, scheduler)
        for strategy in (InOrder(), InOrder()):
            runner.run(strategy)
        return runner.run(Replay(schedule))


@contextlib.contextmanager
def locks_made_for(context: BaseContext) -> Iterator[None]:
    """Has locks made for the start method of a context, whatever context they are asked from.

    Those of the fork context have no name, by which a spawned process could find them.
    """
    patches = Patches()
    real: Any = synchronize.SemLock.__init__

    def make(self: Any, kind: int, value: int, maxvalue: int, *, ctx: Any) -> None:
        real(self, kind, value, maxvalue, ctx=context)

    patches.replace(synchronize.SemLock, "__init__", make)
    try:
        yield
    finally:
        patches.undo()
