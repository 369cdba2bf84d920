"""The search for a failing schedule: in order first, then all of them or a sample.

1. The actors one after the other, three times: learns what is visible and how long a run is, and
   notices what fails without any interleaving and what is not deterministic.
2. All schedules, if the program is small: cheaper than a sample, and a proof.
3. A sample, drawn by the strategy, until the evidence asked for is there or the budget ends.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_concurrency.race.accesses import Access, is_content
from pytest_concurrency.race.driver import ActorKind, Driver, RunActor
from pytest_concurrency.race.evidence import Evidence
from pytest_concurrency.race.goal import Goal
from pytest_concurrency.race.outcomes import Outcomes
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Failure, Runner, Signature, difference, operations_of
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.exhaustive import Exhaustive
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.named import strategy_named
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["Found", "Plan", "Search"]

# Programs with more interleavings than this are not tried exhaustively, and no more schedules
# than a small multiple of those that a sample would need.
_SMALL = math.log(1e9)
_ALWAYS_FAILS_AFTER = 20
_PROFILED_RUNS = 16
_monotonic = time.monotonic


@dataclass(frozen=True)
class Plan:
    """How to search.

    Args:
        goal: When the evidence suffices.
        seed: Of all random decisions.
        kind: What the actors are.
        strategy: Its name; empty for the default, which enumerates small programs and samples
            others with the portfolio.
        bound: The largest number of preemptions of the exhaustive strategy.
        max_steps: After so many visible operations a run counts as endless.
        known: Schedules that failed before, to be tried first.
    """

    goal: Goal
    seed: int
    kind: ActorKind
    strategy: str = ""
    bound: int | None = None
    max_steps: int = 20_000
    known: tuple[Schedule, ...] = ()


@dataclass(frozen=True)
class Found:
    """A schedule that fails.

    Args:
        failure: How.
        schedule: As it was carried out.
        signature: What was done.
        always: Whether every schedule fails, those without any interleaving included.
    """

    failure: Failure
    schedule: Schedule
    signature: Signature
    always: bool = False


@dataclass
class Search:
    """Searches; what it finds out is in the attributes.

    Args:
        case: What to run.
        scope: Tells the user's code from other code.
        plan: How to search.
        outcomes: The table to fill.

    Attributes:
        found: The first schedule that failed.
        evidence: What a pass is worth.
        nondeterminism: Where two runs of one schedule differed, in words; empty if they did not.
        failed_unsteadily: Whether one of these failed and another one did not.
        passed_again: Which of the known schedules fail no more.
        runs: How many runs it took.
    """

    case: Case
    scope: Scope
    plan: Plan
    outcomes: Outcomes
    found: Found | None = None
    evidence: Evidence = field(default_factory=Evidence)
    nondeterminism: str = ""
    failed_unsteadily: bool = False
    passed_again: list[Schedule] = field(default_factory=list)
    runs: int = 0

    def run(self) -> None:
        """Searches until something fails, or what was asked for is shown."""
        __tracebackhide__ = True
        budget = self.plan.goal.budget
        self._until = math.inf if budget is None else _monotonic() + budget
        self._lost = ""
        with self.plan.kind.driver(self.scope, self.plan.max_steps) as driver:
            runner = Runner(self.case, driver)
            try:
                self._search(runner, driver)
            finally:
                self.runs = runner.runs
                self.evidence = replace(
                    self.evidence,
                    goal=self.plan.goal,
                    actors=runner.profile.actors,
                    steps=runner.profile.steps,
                    lost=self._lost,
                )

    def _search(self, runner: Runner, driver: Driver) -> None:
        __tracebackhide__ = True
        name = self.plan.strategy
        driver.find_accesses(True)
        self._in_order(runner, driver)
        if self.found or self.failed_unsteadily:
            return
        for schedule in self.plan.known:
            if self._fails(runner, Replay(schedule)):
                return
            self.passed_again.append(schedule)
        if name == "exhaustive" or (
            not name and not self.nondeterminism and self._is_small(runner)
        ):
            self._enumerate(runner, limited=not name)
            if self.found or self.evidence.complete or name == "exhaustive":
                return
        driver.find_accesses(False)
        self._sample(runner, self._strategy(self._sampler))

    @property
    def _sampler(self) -> str:
        """The name of what samples; a guarantee for a depth can only be had from PCT."""
        return self.plan.strategy or ("portfolio" if self.plan.goal.depth is None else "pct")

    def _strategy(self, name: str) -> Strategy:
        return strategy_named(name, self.plan.seed, self.plan.goal.depth)

    def _in_order(self, runner: Runner, driver: Driver) -> None:
        """Runs the actors one after the other."""
        __tracebackhide__ = True
        if driver.step_aside(True):
            # So that coverage sees the actors at least once; what it traces is not scheduled.
            runner.run(InOrder())
            driver.step_aside(False)
        deaths: list[Found] = []
        first = runner.run(InOrder())
        runner.look()
        if first is not None and first.kind == "stuck":
            # Once more would take as long, and leave another thread behind.
            self.found = Found(first, runner.schedule(), runner.signature())
            return
        _note_death(deaths, runner, first)
        driver.kept = []
        failure = runner.run(InOrder())
        driver.kept = None
        runner.look()
        signature = runner.signature()
        _note_death(deaths, runner, failure)
        # What the threads do that a pool or a timer starts may well be invisible.
        all_given = len(driver.actors) == len(self.case.actors) > 1
        conflicts = not all_given or _conflict(driver.accesses)
        self._note_lost(runner)
        again = runner.run(InOrder())
        _note_death(deaths, runner, again)
        differs = difference(signature, runner.signature())
        driver.notes_acquires = False
        self.evidence = Evidence(runs=1, conflicts=conflicts)
        if not failure and not again and not first:
            self._note_outcome(runner)
        elif failure is not None and failure.is_like(again) and not differs:
            self._judge_constant_failure(runner, failure, signature)
            return
        elif deaths:
            # Killed from outside, perhaps: whatever it was, there is a process that died.
            self.found = deaths[0]
            return
        else:
            self.nondeterminism = differs or (
                "the first run and a later one of the same schedule did not end alike: "
                f"{_ended(first)}, then {_ended(failure)}, then {_ended(again)}"
            )
            self.failed_unsteadily = True
            return
        if differs:
            self.nondeterminism = differs

    def _judge_constant_failure(
        self, runner: Runner, failure: Failure, signature: Signature
    ) -> None:
        """Tells whether a program that fails in order can pass at all."""
        schedule = runner.schedule()
        backwards = list(range(len(self.case.actors)))[::-1]
        portfolio = self._strategy("portfolio")
        tries: list[Strategy] = [InOrder(backwards)]
        if not runner.driver.has_lost_patience:
            tries += [portfolio] * _ALWAYS_FAILS_AFTER
        always = all(
            failure.is_like(runner.run(strategy, number)) for number, strategy in enumerate(tries)
        )
        self.found = Found(failure, schedule, signature, always)

    def _is_small(self, runner: Runner) -> bool:
        counts = [len(operations) for _, operations in operations_of(runner.driver)]
        ways = math.lgamma(sum(counts) + 1) - sum(math.lgamma(count + 1) for count in counts)
        return ways <= _SMALL or not self.evidence.conflicts

    def _enumerate(self, runner: Runner, limited: bool) -> None:
        """Runs all schedules, or gives up when a sample is cheaper."""
        kinds = [id(actor) for actor in self.case.actors]
        needed = self._needed(runner) if limited else self.plan.goal.runs or math.inf
        strategy = Exhaustive(self.plan.bound, kinds)
        number = 0
        while not strategy.finished and number < needed and not self._is_late():
            number += 1
            if self._fails(runner, strategy, number):
                return
            strategy.end()
        self.evidence = replace(
            self.evidence,
            runs=strategy.schedules,
            strategy="exhaustive",
            complete=strategy.finished and strategy.complete,
            bound=self.plan.bound if strategy.finished else strategy.done_level,
            reduced=strategy.cuts > 0,
            stopped_by="" if strategy.finished else "budget" if self._is_late() else "runs",
        )
        self.outcomes.exact = self.evidence.complete
        if strategy.diverged:
            self.nondeterminism = "the same decisions led elsewhere the second time"

    def _sample(self, runner: Runner, strategy: Strategy) -> None:
        """Runs schedules that the strategy draws."""
        goal = self.plan.goal
        guaranteed = f"PCT({goal.depth})"
        number = pct_runs = 0
        needed = self._needed(runner)
        while (number if goal.runs or goal.depth is None else pct_runs) < needed:
            if self._is_late():
                self.evidence = replace(self.evidence, stopped_by="budget")
                break
            number += 1
            if self._fails(runner, strategy, number):
                break
            pct_runs += strategy.name == guaranteed
            if number <= _PROFILED_RUNS:
                runner.look()
                needed = self._needed(runner)
        self.evidence = replace(
            self.evidence, runs=number, strategy=self._sampler, bound=None, pct_runs=pct_runs
        )

    def _fails(self, runner: Runner, strategy: Strategy, number: int = 0) -> bool:
        """Runs once; keeps what failed."""
        failure = runner.run(strategy, number)
        self._note_lost(runner)
        if failure is None or failure.kind == "outcome":
            self._note_outcome(runner)
        if failure is None:
            return False
        self.found = Found(failure, runner.schedule(), runner.signature())
        return True

    def _note_outcome(self, runner: Runner) -> None:
        """Counts what `observe` returned."""
        if self.case.observe is not None and runner.driver.ending == "complete":
            self.outcomes.note(runner.outcome, runner.schedule)

    def _note_lost(self, runner: Runner) -> None:
        if runner.driver.strays:
            self._lost = runner.driver.strays[0]

    def _needed(self, runner: Runner) -> int:
        return self.plan.goal.runs_needed(runner.profile.actors, runner.profile.steps)

    def _is_late(self) -> bool:
        return _monotonic() > self._until


def _note_death(deaths: list[Found], runner: Runner, failure: Failure | None) -> None:
    """Keeps what is known of the last run, if a process died in it."""
    if failure is not None and failure.kind == "died":
        deaths.append(Found(failure, runner.schedule(), runner.signature()))


def _ended(failure: Failure | None) -> str:
    return "passed" if failure is None else f"failed ({failure.kind})"


def _conflict(accesses: Sequence[tuple[RunActor, Access]]) -> bool:
    """Tells whether two actors touched the same, and at least one of them may have changed it."""
    readers: dict[object, set[int]] = {}
    writers: dict[object, set[int]] = {}
    lookers: set[int] = set()
    changers: set[int] = set()
    everybody: set[int] = set()
    for actor, access in accesses:
        for key in access.reads:
            readers.setdefault(key, set()).add(actor.index)
        for key in access.writes:
            writers.setdefault(key, set()).add(actor.index)
        if access.anything == "writes":
            changers.add(actor.index)
        elif access.anything:
            lookers.add(actor.index)
        if access != Access():
            everybody.add(actor.index)
    if changers and len(everybody) > 1:
        return True
    # What is looked at beside the visible operations is the content of containers.
    fillers = {each for key, who in writers.items() if is_content(key) for each in who}
    if lookers and fillers and len(lookers | fillers) > 1:
        return True
    return any(len(who | readers.get(key, set())) > 1 for key, who in writers.items())
