"""The verdict on a race between tasks: whether asyncio's own order of what is ready shows it.

The loop of asyncio calls what is ready first come, first served. Which task comes first is up to
input, output and time, for which the awaits of a test often only stand in.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile
from pytest_concurrency.race.tasks.actors import OnLoop, TaskActor
from pytest_concurrency.race.tasks.driver import TaskScheduler

__all__ = ["FirstCome", "judge_tasks"]

_RUNS = 200
_SALT = 7


class FirstCome:
    """Runs what is ready first come, first served; draws when the given actors begin.

    Threads beside the tasks go on whenever they are drawn, and timers when nothing is ready.

    Args:
        seed: Of the random numbers.
    """

    name = "first come, first served"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._stream = Stream(self.seed, run, _SALT)
        self._draws = 0

    def choose(self, decision: Decision) -> ActorView:
        """Returns who has waited for longest, a given actor that begins now, or a thread."""
        self.horizon = decision.step + 1
        current = decision.current
        place = None if current is None else current.pending
        if current and place and place.kind == "begin" and decision.reason == "reach":
            return current
        options = _options(decision.candidates)
        self._draws += 1
        return options[self._stream.below(len(options), self._draws)]

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: whoever gives way is behind all others anyway."""


def _options(candidates: Sequence[ActorView]) -> Sequence[ActorView]:
    ready = [each for each in candidates if each.deadline is None]
    queue = [each for each in ready if isinstance(each, OnLoop) and not _may_begin(each)]
    options = [each for each in ready if _may_begin(each) or not isinstance(each, OnLoop)]
    if queue:
        options.append(min(queue, key=lambda each: each.ticket))
    return options or candidates


def _may_begin(actor: ActorView) -> bool:
    return isinstance(actor, TaskActor) and actor.given and not actor.begun


def judge_tasks(driver: TaskScheduler, case: Case, failure: Failure, seed: int) -> str:
    """Says under which conditions asyncio's loop comes to a failure.

    Args:
        driver: Runs the tasks.
        case: What is run.
        failure: How it fails.
        seed: Of the random decisions.
    """
    with driver:
        runner, strategy = Runner(case, driver), FirstCome(seed)
        fails = any(failure.is_like(runner.run(strategy, number)) for number in range(_RUNS))
        beside_threads = any(not isinstance(actor, OnLoop) for actor in driver.actors)
    if fails and beside_threads:
        return (
            "reachable where threads can switch between the operations shown: anywhere in a "
            "free-threaded build, at fewer places with the GIL; the tasks kept to asyncio's own "
            "order, first come, first served"
        )
    if fails:
        return (
            "reachable today: it also fails when the loop runs what is ready first come, first "
            "served, as asyncio's does; only when each actor begins was chosen"
        )
    return (
        "reachable when an await takes longer: asyncio's loop runs what is ready first come, first "
        f"served, and so this did not fail in {_RUNS} runs; it does when an await has to wait for "
        "input, output or time"
    )
