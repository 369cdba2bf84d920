"""The search for a failing schedule: what is quickly tried first, then all of them or a sample.

1. The actors one after the other: learns what is visible and how long a run is, and notices what
   fails without any interleaving.
2. What failed in an earlier session, and a few schedules that show many bugs: the actors in turn,
   in reverse order, and two that are drawn.
3. One after the other twice more: notices what is not deterministic, and what touches the same.
4. All schedules, if the program is small: cheaper than a sample, and a proof.
5. A sample, drawn by the strategy, until the evidence asked for is there or the budget ends.
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
from pytest_concurrency.race.runs import Case, Failure, Runner, Signature, difference, operations_of
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.exhaustive import Exhaustive
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.in_turn import InTurn
from pytest_concurrency.race.strategies.named import strategy_named
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["Found", "Plan", "Search", "not_alike"]

# Programs with more interleavings than this are not tried exhaustively, and no more schedules
# than a small multiple of those that a sample would need.
_SMALL = math.log(1e9)
_PROFILED_RUNS = 16
_DRAWN = 2
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
        in_order: Whether the actors ran one after the other, so that it may be no race at all.
    """

    failure: Failure
    schedule: Schedule
    signature: Signature
    in_order: bool = False


@dataclass
class Search:
    """Searches; what it finds out is in the attributes.

    Args:
        case: What to run.
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
    plan: Plan
    outcomes: Outcomes
    found: Found | None = None
    evidence: Evidence = field(default_factory=Evidence)
    nondeterminism: str = ""
    failed_unsteadily: bool = False
    passed_again: list[Schedule] = field(default_factory=list)
    runs: int = 0

    def run(self, driver: Driver) -> None:
        """Searches until something fails, or what was asked for is shown.

        Args:
            driver: Carries out the runs; the caller has entered it.
        """
        __tracebackhide__ = True
        budget = self.plan.goal.budget
        self._until = math.inf if budget is None else _monotonic() + budget
        self._lost = ""
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
        self._in_order(runner, driver)
        if self.found:
            return
        for schedule in self.plan.known:
            if self._fails(runner, Replay(schedule)):
                return
            self.passed_again.append(schedule)
        if not name and self._fails_soon(runner):
            return
        self._again_in_order(runner, driver)
        if self.found or self.failed_unsteadily:
            return
        if name == "exhaustive" or (
            not name and not self.nondeterminism and self._is_small(runner)
        ):
            driver.find_accesses(driver.foresees_accesses)
            self._enumerate(runner, limited=not name)
            driver.find_accesses(False)
            if self.found or self.evidence.complete or name == "exhaustive":
                return
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
        failure = runner.run(InOrder())
        if failure is not None:
            self.found = Found(failure, runner.schedule(), runner.signature(), in_order=True)

    def _fails_soon(self, runner: Runner) -> bool:
        """Tries a few schedules before all that a pass is worth something for."""
        for strategy in (InTurn(), InOrder(range(len(self.case.actors))[::-1])):
            if self._fails(runner, strategy, counts=False):
                return True
        runner.look()
        drawn = self._strategy(self._sampler)
        # The numbers of the sample begin at 1.
        return any(self._fails(runner, drawn, -number, counts=False) for number in range(_DRAWN))

    def _again_in_order(self, runner: Runner, driver: Driver) -> None:
        """Runs the actors one after the other again, which passed before, and compares the runs."""
        __tracebackhide__ = True
        driver.find_accesses(True)
        driver.kept = []
        failure = runner.run(InOrder())
        self._note_death(runner, failure)
        driver.kept = None
        driver.find_accesses(False)
        runner.look()
        signature = runner.signature()
        # What the threads do that a pool or a timer starts may well be invisible.
        all_given = len(driver.actors) == len(self.case.actors) > 1
        conflicts = not all_given or _conflict(driver.accesses)
        self._note_lost(runner)
        again = runner.run(InOrder())
        self._note_death(runner, again)
        driver.notes_acquires = False
        self.evidence = Evidence(runs=1, conflicts=conflicts)
        self.nondeterminism = difference(signature, runner.signature())
        if self.found is None and (failure or again):
            self.failed_unsteadily = True
            self.nondeterminism = self.nondeterminism or not_alike(None, failure, again)
        else:
            self._note_outcome(runner)

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

    def _fails(
        self, runner: Runner, strategy: Strategy, number: int = 0, counts: bool = True
    ) -> bool:
        """Runs once; keeps what failed, and notes what came of it if the run counts."""
        failure = runner.run(strategy, number)
        self._note_lost(runner)
        if (counts and failure is None) or (failure is not None and failure.kind == "outcome"):
            self._note_outcome(runner)
        if failure is None:
            return False
        self.found = Found(failure, runner.schedule(), runner.signature())
        return True

    def _note_death(self, runner: Runner, failure: Failure | None) -> None:
        """Keeps a run in which a process died: killed from outside perhaps, and never again."""
        if failure is not None and failure.kind == "died" and self.found is None:
            self.found = Found(failure, runner.schedule(), runner.signature())

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


def not_alike(*failures: Failure | None) -> str:
    """Says how runs of one schedule ended."""
    ends = ["passed" if each is None else f"failed ({each.kind})" for each in failures]
    return (
        "the first run and a later one of the same schedule did not end alike: "
        f"{', then '.join(ends)}"
    )


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
