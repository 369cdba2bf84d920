"""Stress: really parallel and uncontrolled, with noise; for what cannot be scheduled.

Code in C that blocks, and races inside of C code on free-threaded builds, show only so. A yield at
the right place raises the rate of failures a thousandfold, `sleep(0)` as well as a millisecond at a
quarter of its cost (design document algorithms.md, sections 2.2 and 2.3).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_concurrency.race.asked import name_of
from pytest_concurrency.race.evidence import Evidence
from pytest_concurrency.race.finding import Finding
from pytest_concurrency.race.outcomes import Outcomes
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.runs import Case, Failure
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.search import Plan
from pytest_concurrency.race.verdict import judge

__all__ = ["stress"]

_RATES = (0.0, 0.05, 0.1, 0.25)
_VICTIM = 10
_LONG_ONE_IN = 16
_LONGEST = 0.05
_INTERVALS = (1e-6, 5e-3)
# In seconds: a run that takes longer hangs.
_PATIENCE = 10.0


def stress(
    case: Case, scope: Scope, plan: Plan, outcomes: Outcomes
) -> tuple[Finding | None, Evidence]:
    """Runs the actors side by side, again and again, with noise drawn from the seed.

    Args:
        case: What to run.
        scope: Where the noise is made: before the visible operations of the user's code.
        plan: How often, and how long.
        outcomes: The table to fill.

    Returns:
        What failed, if anything did, and what the runs are worth.
    """
    goal = plan.goal
    needed = goal.runs_needed(len(case.actors), 1)
    until = None if goal.budget is None else time.monotonic() + goal.budget
    evidence = Evidence(0, "stress", goal)
    noise = _Noise(plan.seed)
    points = points_for(scope, noise.before)
    failed = None
    points.start()
    try:
        for run in range(1, needed + 1):
            if until is not None and time.monotonic() > until:
                return None, replace(evidence, stopped_by="budget")
            points.refresh()
            with _surroundings(run):
                failed = _run_once(case, noise, run, points.watch_thread, outcomes)
            evidence = replace(evidence, runs=run)
            if failed is not None:
                break
    finally:
        points.stop()
    if failed is None:
        return None, evidence
    what, failure = failed
    if failure.kind == "stuck":
        # Its threads are left behind; nothing can be run beside them.
        verdict = "unknown: the actors could not be run again"
    else:
        verdict = str(judge(case, scope, None, failure, plan.seed, plan.max_steps))
    return _finding(what, failure, verdict, evidence.runs, plan.seed), evidence


class _Noise:
    """Yields before some visible operations, and seldom for longer.

    One actor of each run is the victim and gets most of it: starving one finds more than shaking
    all (after the chaos mode of rr).
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._threads = threading.local()

    def begin(self, run: int, actor: int, actors: int) -> None:
        """Draws the noise of an actor; called in its thread."""
        common = Stream(self._seed, run)
        rate = _RATES[common.below(len(_RATES), 0)]
        if common.below(actors, 1) == actor:
            rate = min(rate * _VICTIM, 0.5)
        self._threads.rate = int(rate * (1 << 20))
        self._threads.longer = common.below(_LONG_ONE_IN, 2) == 0
        self._threads.stream = Stream(self._seed, run, actor + 1)
        self._threads.step = 0

    def before(self, operation: Operation) -> None:
        """Perhaps lets others go first."""
        own = self._threads
        rate = getattr(own, "rate", 0)
        if not rate:
            return
        own.step += 1
        bits = own.stream.bits(own.step)
        if bits & 0xFFFFF < rate:
            time.sleep(_LONGEST * (bits >> 44) / (1 << 20) if own.longer else 0)


@contextlib.contextmanager
def _surroundings(run: int) -> Iterator[None]:
    """Alternates the switch interval, and one CPU with all of them."""
    interval = sys.getswitchinterval()
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    sys.setswitchinterval(_INTERVALS[run % 2])
    if cpus and run // 2 % 2:
        os.sched_setaffinity(0, {min(cpus)})
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if cpus:
            os.sched_setaffinity(0, cpus)


def _run_once(
    case: Case, noise: _Noise, run: int, watch: Callable[[], None], outcomes: Outcomes
) -> tuple[str, Failure] | None:
    """Runs the actors once; returns what broke, if anything did."""
    state: Any = case.setup() if case.setup else None
    targets = [partial(actor, state) if case.setup else actor for actor in case.actors]
    errors: list[tuple[int, BaseException]] = []
    barrier = threading.Barrier(len(targets))

    def act(number: int) -> None:
        try:
            watch()
            noise.begin(run, number, len(targets))
            barrier.wait(_PATIENCE)
            targets[number]()
        except BaseException as error:
            errors.append((number, error))
        finally:
            if sys.version_info < (3, 12):
                sys.settrace(None)

    threads = [
        threading.Thread(target=act, args=(number,), name=f"actor-{number}", daemon=True)
        for number in range(len(targets))
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _PATIENCE
    for number, thread in enumerate(threads):
        thread.join(max(end - time.monotonic(), 0))
        if thread.is_alive():
            what = f"actor {number} ({name_of(case.actors[number])}) did not end within"
            return f"{what} {_PATIENCE:g} s; its thread is left behind", Failure("stuck")
    if errors:
        number, error = errors[0]
        what = f"actor {number} ({name_of(case.actors[number])}) raised"
        return f"{what} {type(error).__name__}: {error}", Failure("exception", error, str(number))
    return _checked(case, state, outcomes)


def _checked(case: Case, state: Any, outcomes: Outcomes) -> tuple[str, Failure] | None:
    given = (state,) if case.setup else ()
    if case.check is not None:
        try:
            verdict = case.check(*given)
        except Exception as error:
            what = f"the check failed with {type(error).__name__}: {error}"
            return what, Failure("check", error)
        if verdict is not None and not verdict:
            return "the check failed: it returned False", Failure("check")
    if case.observe is not None:
        row = outcomes.note(case.observe(*given), lambda: Schedule(()))
        if row.grade == "forbidden":
            return f"an outcome that is forbidden: {row.text}", Failure("outcome", None, row.text)
    return None


def _finding(what: str, failure: Failure, verdict: str, run: int, seed: int) -> Finding:
    return Finding(
        what=what,
        name="failed under stress",
        story="there is no story: nothing was scheduled, the threads ran in parallel",
        verdict=verdict,
        schedule=Schedule(()),
        how=f"in run {run} under stress (noise of seed {seed}); another time it may take longer",
        error=failure.error,
    )
