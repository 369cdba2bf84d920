"""Loops that wait must not hang a run, whoever makes the decisions."""

from __future__ import annotations

from typing import Protocol

import pytest

from pytest_concurrency.race.strategies import stepwise
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER
from tests.unit.race.strategies.kinds import KINDS, Make
from tests.unit.race.strategies.simulator import (
    GIVE_WAY,
    Block,
    Counted,
    Lock,
    Program,
    Simulator,
    Target,
    Waitable,
    operation,
)

READ_FLAG, WRITE_FLAG = operation("read", "flag"), operation("write", "flag")
READ, WRITE = operation("read", "number"), operation("write", "number")

every_strategy = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
# Random walk has no notion of waiting, so that a timeout wins whenever it likes.
every_patient_strategy = pytest.mark.parametrize(
    "make", [KINDS[name] for name in KINDS if name != "walk"], ids=[n for n in KINDS if n != "walk"]
)


class Actors(Protocol):
    def actors(self) -> list[Target]: ...


class Spinning:
    """Two actors wait in loops for a flag that a third sets after some operations."""

    def __init__(self, *, gives_way: bool) -> None:
        self.gives_way = gives_way

    def actors(self) -> list[Target]:
        flag = False
        lock = Lock("lock")

        def spin(simulator: Simulator) -> Program:
            yield READ
            while True:
                yield READ_FLAG
                if flag:
                    break
                if self.gives_way:
                    yield GIVE_WAY
            yield from lock.acquire()
            yield WRITE
            yield from lock.release(simulator)

        def sets(simulator: Simulator) -> Program:
            nonlocal flag
            for _ in range(3):
                yield from lock.acquire()
                yield WRITE
                yield from lock.release(simulator)
            yield WRITE_FLAG
            flag = True

        return [spin, sets, spin]


def steps_of_runs(make: Make, program: Actors, runs: int) -> list[int]:
    strategy, simulator, profile = make(1), Simulator(), Counted()
    steps = []
    for run in range(runs):
        strategy.begin(run, profile)
        assert simulator.run(program.actors(), strategy) == "complete"
        profile.look_at(simulator)
        steps.append(len(simulator.trace))
    return steps


@every_strategy
def test_a_loop_that_does_not_yield_ends_soon_after_the_strategies_become_fair(make: Make) -> None:
    assert max(steps_of_runs(make, Spinning(gives_way=False), 30)) < FAIR_AFTER + 1000


@every_strategy
def test_a_loop_that_yields_takes_no_more_turns_than_the_others(make: Make) -> None:
    assert max(steps_of_runs(make, Spinning(gives_way=True), 100)) < 150


class Timed:
    """An actor waits with a timeout for an event, which another one sets or not."""

    def __init__(self, *, sets: bool) -> None:
        self.sets = sets

    def actors(self) -> list[Target]:
        event = Waitable()
        is_set = False

        def wait(simulator: Simulator) -> Program:
            yield READ_FLAG
            if not is_set:
                yield Block(event, deadline=1.0)
                assert simulator.actors[0].timed_out is not is_set

        def go_on(simulator: Simulator) -> Program:
            nonlocal is_set
            for _ in range(5):
                yield WRITE
                assert not simulator.actors[0].timed_out
            if self.sets:
                yield WRITE_FLAG
                is_set = True
                simulator.wake(event)

        return [wait, go_on]


@every_patient_strategy
@pytest.mark.parametrize("sets", [True, False])
def test_a_timeout_wins_only_if_nobody_else_can_go_on(
    make: Make, sets: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepwise, "is_loose", lambda seed, run: False)
    steps_of_runs(make, Timed(sets=sets), 100)


def test_a_timeout_can_win_at_any_time_in_a_loose_run() -> None:
    with pytest.raises(AssertionError):
        steps_of_runs(KINDS["POS"], Timed(sets=True), 100)


class Polling:
    """Two actors poll and give way until the timeout of a third has won."""

    def actors(self) -> list[Target]:
        flag = False

        def poll(simulator: Simulator) -> Program:
            yield READ_FLAG
            while not flag:
                yield GIVE_WAY
                yield READ_FLAG

        def sets_late(simulator: Simulator) -> Program:
            nonlocal flag
            yield Block(Waitable(), deadline=1.0)
            yield WRITE_FLAG
            flag = True

        return [poll, poll, sets_late]


@every_strategy
def test_a_timeout_wins_over_loops_that_only_poll(make: Make) -> None:
    assert max(steps_of_runs(make, Polling(), 100)) < 100
