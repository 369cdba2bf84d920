"""The exhaustive strategy leaves schedules out, but no way in which a program can end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from pytest_concurrency.race.detector import Race
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.strategies.exhaustive import Exhaustive
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.threads import Scheduler
from tests.corpus.programs import PROGRAMS, Program
from tests.unit.race.exhaustive_sample import State, observe
from tests.unit.race.plain_search import (
    Actors,
    Everything,
    TooLarge,
    Walks,
    endings,
    kinds_of,
    random_actors,
)

# What the statements of one group have in common is a way to leave out too much.
STATEMENTS = {
    "attributes, of classes and behind properties too": [
        "s.x = s.x + 1",
        "s.y = s.x",
        "if s.x:\n    s.y = 2",
        "s.slotted.value = s.x",
        "s.x = s.slotted.value + 1",
        "State = type(s)\nState.shared = s.x",
        "s.y = s.shared",
        "s.shared = 3",
        "s.hidden = s.hidden + 1",
        "s[0] = s.x",
        "s.x = s[1]",
    ],
    "containers by two names": [
        "s.items.append(s.x)",
        "s.alias.append(7)",
        "s.items = []",
        "s.items = s.alias",
        "s.table['k'] = s.x",
        "s.x = s.table['k']",
        "s.table['list'].append(s.x)",
        "s.x = len(s.alias)",
        "for each in s.items:\n    s.x = each",
        "s.x = s.deque.popleft() if s.deque else 9",
        "s.x = next(s.numbers, 0)",
        "for each in s.numbers:\n    s.x = each\n    break",
    ],
    "what looks at a container without a name": [
        "if not s.alias:\n    s.x = 3",
        "s.alias.append(1)",
        "s.log = s.alias == [1]",
        "s.y = str(s.alias)",
        "s.y = '{}'.format(s.alias)",
        "s.y = f'{s.alias}'",
        "s.y = s.alias + [2]",
        "if s.is_empty():\n    s.y = 8",
        "s.x = [1] in s.table['nested']",
        "s.y = [*s.table['list']]",
    ],
    "the dictionary of an object": [
        "s.own['x'] = 3",
        "s.x = s.x + 1",
        "s.y = s.own['x']",
        "s.own['extra'] = s.x",
        "s.y = 'extra' in s.own",
    ],
    "locks and conditions": [
        "with s.lock:\n    s.x = s.x + 1",
        "if s.lock.acquire(timeout=1):\n    s.y = s.x\n    s.lock.release()",
        "if s.lock.acquire(False):\n    s.x = s.x + 1\n    s.lock.release()",
        "with s.rlock:\n    s.x = 4",
        "with s.condition:\n    s.condition.notify()",
        "with s.condition:\n    s.condition.wait(1)\n    s.x = 9",
        "s.x = s.lock.locked()",
        "s.x = 1",
    ],
    "events, semaphores and queues": [
        "with s.semaphore:\n    s.x = s.y",
        "s.event.set()",
        "s.y = s.event.is_set()",
        "s.event.wait()\ns.y = 2",
        "s.event.wait(2)\ns.x = 3",
        "s.queue.put(s.x)",
        "s.y = s.queue.get()",
        "s.simple.put(1)",
        "s.x = s.simple.get()",
        "s.x = 1",
    ],
}
PROGRAMS_OF_A_GROUP = 8


def programs(group: str, actors: int, statements: int) -> Iterator[tuple[Actors, str]]:
    """Yields random programs without an end, the same ones each time."""
    for seed in itertools.count():
        name = f"<{group}, {actors} actors, number {seed}>"
        yield random_actors(Random(seed), STATEMENTS[group], actors, statements, name)


def reduced(actors: Actors, most_runs: int) -> set[str]:
    return endings(State, actors, observe, Exhaustive(None, kinds_of(actors)), most_runs)


@pytest.mark.parametrize("group", STATEMENTS)
def test_every_ending_of_a_search_that_leaves_nothing_out_is_found(group: str) -> None:
    compared = 0
    for actors, text in programs(group, actors=2, statements=2):
        try:
            whole = endings(State, actors, observe, Everything(), most_runs=600)
        except TooLarge:
            continue
        assert reduced(actors, 20_000) == whole, text
        compared += 1
        if compared == PROGRAMS_OF_A_GROUP:
            break


@pytest.mark.parametrize("group", STATEMENTS)
def test_no_random_walk_through_a_larger_program_ends_otherwise(group: str) -> None:
    compared = 0
    for actors, text in programs(group, actors=3, statements=3):
        try:
            found = reduced(actors, most_runs=150)
        except TooLarge:
            continue
        walked = endings(State, actors, observe, Walks(seed=1, walks=80))
        assert walked <= found, text
        compared += 1
        if compared == PROGRAMS_OF_A_GROUP:
            break


def adds(state: State) -> None:
    state.x = state.x + 1


def doubles(state: State) -> None:
    state.x = state.x * 2


@pytest.mark.parametrize("actors", [(adds, adds), (adds, doubles), (adds, adds, adds)])
def test_actors_that_do_the_same_are_interchangeable(actors: Actors) -> None:
    whole = endings(State, actors, observe, Everything())
    assert reduced(actors, 20_000) == whole
    strategy = Exhaustive(None, kinds_of(actors))
    endings(State, actors, observe, strategy)
    assert strategy.complete
    if len(set(actors)) < len(actors):
        others = Exhaustive(None, range(len(actors)))
        assert endings(State, actors, observe, others) == whole
        assert strategy.schedules < others.schedules


def searched(program: Program, bound: int | None) -> tuple[Failure | None, Exhaustive]:
    setup, actors, check = program.load()
    strategy = Exhaustive(bound, kinds_of(actors))
    with Scheduler(Scope()) as scheduler:
        scheduler.find_accesses(True)
        runner = Runner(Case(actors, setup, check), scheduler)
        runner.run(InOrder())
        runner.run(InOrder())
        failure = None
        number = 0
        while failure is None and not strategy.finished:
            number += 1
            failure = runner.run(strategy, number)
            strategy.end()
    return failure, strategy


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("account", 20),
        ("token_ring", 4),
        ("twostage", 8),
        ("lazy01", 14),
        ("deadlock01", 6),
        ("reorder_3", 12),
        ("reorder_4", 18),
        ("reorder_5", 24),
    ],
)
def test_schedules_to_the_bug(name: str, most: int) -> None:
    """algorithms.md §5.4 T4, with at most two preemptions."""
    program = PROGRAMS[f"fail/{name}"]
    failure, strategy = searched(program, bound=2)
    assert failure is not None
    assert failure.kind == program.finding
    assert strategy.schedules + strategy.cuts <= most


# A twin that is not listed here has too many schedules to see all of them in a unit test.
WHOLE = (
    *("account", "barrier", "bounded_semaphore", "counter", "deadlock01", "event", "fifo_queue"),
    *("lazy01", "lifo_queue", "lock", "phase01", "priority_queue", "reorder_3", "rlock"),
    *("semaphore", "sync01", "thread_join", "timeout", "twostage"),
)


@pytest.mark.parametrize("name", WHOLE)
def test_proves_a_fixed_twin_and_never_the_program_that_fails(name: str) -> None:
    failure, strategy = searched(PROGRAMS[f"pass/{name}"], bound=None)
    assert failure is None
    assert strategy.complete
    assert not strategy.diverged
    program = PROGRAMS[f"fail/{name}"]
    failure, strategy = searched(program, bound=None)
    assert failure is not None
    assert failure.kind == program.finding


@pytest.mark.parametrize("preemptions", [0, 1, 2])
def test_a_bug_beyond_the_bound_is_not_said_to_be_absent(preemptions: int) -> None:
    """The bug of `event` takes two preemptions."""
    setup, actors, check = PROGRAMS["fail/event"].load()
    race = Race(seed=1, strategy="exhaustive", bound=preemptions, raise_on_finding=False)
    result = race.threads(*actors, setup=setup, check=check)
    if preemptions == 2:
        assert result.finding is not None
    else:
        assert result.finding is None
        assert not result.evidence.complete
        assert result.evidence.bound == preemptions


def one_step(state: list[int]) -> None:
    state.append(1)


def test_counts_what_can_be_counted_by_hand() -> None:
    """Two different actors, of one operation each: one goes first, or the other."""

    def another(state: list[int]) -> None:
        state.append(2)

    for actors, schedules in (((one_step, another), 2), ((one_step, one_step), 1)):
        result = Race(seed=1, strategy="exhaustive").threads(*actors, setup=list)
        assert result.evidence.complete
        assert result.evidence.runs >= schedules
        observed: Callable[[list[int]], Any] = tuple
        table = Race(seed=1, strategy="exhaustive").threads(*actors, setup=list, observe=observed)
        assert len(table.outcomes.rows) == schedules
        assert table.outcomes.exact
