"""The search: what it notices, in which order it tries, and when it ends."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_concurrency.errors import NotDeterministic
from pytest_concurrency.race import search as search_module
from pytest_concurrency.race.as_threads import AsThreads
from pytest_concurrency.race.detector import Race
from pytest_concurrency.race.goal import Goal
from pytest_concurrency.race.outcomes import Outcomes
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.search import Plan, Search
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.protocol import ActorView, Decision
from pytest_concurrency.race.threads import Scheduler
from tests.corpus.programs import PROGRAMS


class Counter:
    def __init__(self) -> None:
        self.value = 0


def add(counter: Counter) -> None:
    counter.value = counter.value + 1


def add_often(counter: Counter) -> None:
    for _ in range(12):
        counter.value = counter.value + 1


def is_two(counter: Counter) -> bool:
    return counter.value == 2


def searched(case: Case, goal: Goal | None = None, **planned: Any) -> Search:
    search = Search(case, Plan(goal or Goal(), 1, AsThreads(), **planned), Outcomes())
    with Scheduler(Scope()) as scheduler:
        search.run(scheduler)
    return search


def test_what_always_fails_fails_without_any_interleaving() -> None:
    search = searched(Case((add, add), Counter, lambda counter: counter.value == 3))
    assert search.found is not None
    assert search.found.in_order
    result = Race(seed=1, raise_on_finding=False).threads(
        add, add, setup=Counter, check=lambda counter: False
    )
    assert result.finding is not None
    assert result.finding.always
    assert result.finding.what.startswith("fails without any interleaving: the check failed")
    assert result.finding.verdict.startswith("no race at all")


def test_what_fails_in_order_but_not_backwards_is_a_race() -> None:
    program = PROGRAMS["fail/token_ring"]
    setup, actors, check = program.load()
    race = Race(seed=1, raise_on_finding=False)
    finding = race.threads(*actors[::-1], setup=setup, check=check).finding
    assert finding is not None
    assert finding.preemptions == 0
    assert not finding.always


@pytest.mark.parametrize(
    ("fails", "ends"),
    [
        (lambda run: run % 2 == 1, "passed, then failed (check), then passed"),
        (lambda run: run > 0, "passed, then failed (check), then failed (check)"),
    ],
)
def test_what_passed_in_order_must_pass_again(fails: Callable[[int], bool], ends: str) -> None:
    runs = itertools.count()
    case = Case((add, add), Counter, lambda counter: not fails(next(runs)))
    search = searched(case, strategy="portfolio")
    assert search.failed_unsteadily
    assert search.found is None
    assert search.nondeterminism.endswith(f"did not end alike: {ends}")


@pytest.mark.parametrize(
    "fails",
    [
        lambda run: run % 2 == 0,
        lambda run: run % 2 == 1,
        lambda run: run > 0,
        lambda run: run > 5,
        lambda run: run % 5 == 4,
        # Whatever is replayed fails, but what was first does not pass any more.
        lambda run: run not in (0, 2),
    ],
)
def test_what_fails_now_and_then_whatever_the_schedule_is_no_race(
    fails: Callable[[int], bool],
) -> None:
    runs = itertools.count()
    with pytest.raises(NotDeterministic, match="not deterministic apart from their schedule"):
        Race(seed=1).threads(add, add, setup=Counter, check=lambda counter: not fails(next(runs)))


def test_in_turn_and_in_reverse_order_come_first() -> None:
    search = searched(Case((add, add), Counter, is_two))
    assert search.found is not None
    assert search.runs == 2
    order: list[int] = []

    def actor(number: int) -> Callable[[object], None]:
        return lambda state: order.append(number)

    searched(Case([actor(number) for number in range(3)], object))
    assert order[:9] == [0, 1, 2, 0, 1, 2, 2, 1, 0]


def test_the_first_difference_of_two_runs_is_named() -> None:
    runs = itertools.count()

    def sometimes(counter: Counter) -> None:
        if counter.number % 2:  # type: ignore[attr-defined]
            counter.value = 5
        else:
            counter.other = 5  # type: ignore[attr-defined]

    def numbered() -> Counter:
        counter = Counter()
        counter.number = next(runs)  # type: ignore[attr-defined]
        return counter

    search = searched(Case((sometimes, sometimes), numbered))
    assert search.found is None
    assert not search.failed_unsteadily
    assert search.nondeterminism.startswith("operation ")
    assert "in sometimes, line" in search.nondeterminism


def lost_update() -> Schedule:
    search = searched(Case((add, add), Counter, is_two))
    assert search.found is not None
    return search.found.schedule


def test_a_known_schedule_is_tried_first() -> None:
    search = searched(Case((add, add), Counter, is_two), known=(lost_update(),))
    assert search.found is not None
    assert search.passed_again == []
    # One run in order comes before.
    assert search.runs == 2


def test_a_known_schedule_that_passes_is_said_to() -> None:
    schedule = lost_update()
    search = searched(Case((add, add), Counter), known=(schedule,))
    assert search.passed_again == [schedule]
    assert search.found is None


def test_a_budget_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr(search_module, "_monotonic", lambda: float(next(clock)))
    search = searched(Case((add_often, add_often), Counter), Goal(budget=5.0))
    assert search.found is None
    assert search.evidence.stopped_by == "budget"
    assert search.evidence.runs == 5
    assert search.evidence.sentence.startswith("stopped by its budget of 5 s after 5 of")


@pytest.mark.parametrize("strategy", ["portfolio", "random", "pct", "pos", "urw", "surw"])
def test_so_many_runs_as_asked_for(strategy: str) -> None:
    search = searched(Case((add_often, add_often), Counter), Goal(runs=7), strategy=strategy)
    assert search.evidence.runs == 7
    assert search.evidence.strategy == strategy
    assert search.runs == 3 + 7


def test_a_depth_asks_for_runs_of_pct() -> None:
    search = searched(Case((add, add), Counter), Goal(depth=2), strategy="pct")
    assert search.evidence.pct_runs == Goal(depth=2).runs_needed(2, search.evidence.steps)


def test_a_small_program_is_enumerated() -> None:
    search = searched(Case((add, add), Counter))
    assert search.evidence.complete
    assert search.evidence.strategy == "exhaustive"
    assert search.outcomes.exact


def test_an_enumeration_that_is_dearer_than_a_sample_gives_up() -> None:
    search = searched(Case((add_often, add_often), Counter), Goal(runs=4))
    assert not search.evidence.complete
    assert search.evidence.strategy == "portfolio"
    assert search.evidence.runs == 4


def test_an_enumeration_that_was_asked_for_and_ends_early_says_so() -> None:
    case = Case((add_often, add_often), Counter)
    search = searched(case, Goal(runs=4), strategy="exhaustive")
    assert not search.evidence.complete
    assert search.evidence.stopped_by == "runs"


def keep_to_oneself() -> None:
    mine = [1, 2]
    assert mine == [1, 2]


@pytest.mark.parametrize(
    ("actors", "conflicts"), [((keep_to_oneself, keep_to_oneself), False), ((add, add), True)]
)
def test_says_whether_anything_conflicted(
    actors: tuple[Callable[..., object], ...], conflicts: bool
) -> None:
    search = searched(Case(actors, Counter if conflicts else None))
    assert search.evidence.conflicts == conflicts
    assert search.evidence.sentence.startswith("nothing conflicted") != conflicts


class Breaks(InOrder):
    def choose(self, decision: Decision) -> ActorView:
        if decision.step > 1:
            raise LookupError("no idea")
        self.horizon = decision.step + 1
        return decision.candidates[0]


def test_an_error_of_a_strategy_ends_the_run() -> None:
    with Scheduler(Scope()) as scheduler, pytest.raises(LookupError, match="no idea"):
        Runner(Case((add, add), Counter), scheduler).run(Breaks())


def sleeps_between(counter: Counter) -> None:
    value = counter.value
    time.sleep(0.1)
    counter.value = value + 1


@pytest.mark.parametrize("seed", range(10))
def test_who_sleeps_half_way_does_not_fail_in_every_order(seed: int) -> None:
    race = Race(seed=seed, raise_on_finding=False)
    result = race.threads(sleeps_between, sleeps_between, setup=Counter, check=is_two)
    assert result.finding is not None
    assert not result.finding.always
    assert result.finding.name == "lost update"
