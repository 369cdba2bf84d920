"""The verdict: whether a race can happen on this interpreter today, or only without the GIL.

With the GIL, CPython switches threads at few places (design document cpython.md, section 3.1), so
many a race that any scheduler finds cannot happen there. The same search is repeated with decisions
at those places only.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Literal

from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.switches import has_gil
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.exhaustive import Exhaustive
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.named import strategy_named
from pytest_concurrency.race.strategies.replay import Replay
from pytest_concurrency.race.threads import Scheduler

__all__ = ["Verdict", "judge"]

Where = Literal["reachable today", "only without the GIL", "only because of how the code is run"]

_ENUMERATED = 200
_SAMPLED = 100


@dataclass(frozen=True)
class Verdict:
    """Where a race can happen.

    Attributes:
        where: The verdict in short.
        reason: Why, in a sentence.
    """

    where: Where
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def judge(
    case: Case,
    scope: Scope,
    schedule: Schedule | None,
    failure: Failure,
    seed: int,
    max_steps: int = 20_000,
) -> Verdict:
    """Searches again, with preemptions only where this interpreter itself switches threads.

    Args:
        case: What is run.
        scope: Tells the user's code from other code.
        schedule: The shortest one that fails; None for a failure under stress.
        failure: How it fails.
        seed: Of the random decisions.
        max_steps: After so many visible operations a run counts as endless.
    """
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if not has_gil():
        return Verdict(
            "reachable today", f"{python} runs without the GIL, so threads can switch anywhere"
        )
    if schedule is not None and not schedule.preemptions:
        return Verdict(
            "reachable today",
            "no actor needs to be stopped half-way: an unlucky order is enough",
        )
    runs = _runs_until_it_fails(case, scope, schedule, failure, seed, max_steps)
    if runs is None and schedule is None:
        return Verdict(
            "only because of how the code is run",
            f"the noise lets threads switch where {python} does not switch them by itself; a "
            "free-threaded build does",
        )
    if runs is None:
        return Verdict(
            "only without the GIL",
            f"{python} does not switch threads between these operations; a free-threaded "
            "build does",
        )
    return Verdict(
        "reachable today",
        f"it also fails with switches only where {python} makes them by itself",
    )


def _runs_until_it_fails(
    case: Case,
    scope: Scope,
    schedule: Schedule | None,
    failure: Failure,
    seed: int,
    max_steps: int,
) -> int | None:
    """Returns how many natural schedules it took to fail in the same way; None if none did."""
    with Scheduler(scope, max_steps, natural=True) as scheduler:
        runner = Runner(case, scheduler)
        runner.run(InOrder())
        runner.run(InOrder())
        runner.look()
        bound = None
        if schedule is not None:
            bound = schedule.preemptions + 1
            if failure.is_like(runner.run(Replay(schedule))):
                return runner.runs
        exhaustive = Exhaustive(bound, [id(actor) for actor in case.actors])
        for _ in range(_ENUMERATED):
            if exhaustive.finished:
                break
            if failure.is_like(runner.run(exhaustive)):
                return runner.runs
            exhaustive.end()
        if exhaustive.complete:
            return None
        portfolio = strategy_named("portfolio", seed, None)
        for number in range(_SAMPLED):
            if failure.is_like(runner.run(portfolio, number)):
                return runner.runs
    return None
