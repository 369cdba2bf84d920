from __future__ import annotations

import pytest

from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER, ActorView, Decision
from tests.unit.race.strategies.simulator import Counted, Program, Simulator, operation

WRITE = operation("write", "number")


def eight(simulator: Simulator) -> Program:
    for _ in range(8):
        yield WRITE


def spins(simulator: Simulator) -> Program:
    while True:
        yield WRITE


class Asked(PCT):
    """Notes the steps at which it is asked."""

    def choose(self, decision: Decision) -> ActorView:
        self.asked.add(decision.step)
        return super().choose(decision)

    def steps(self, run: int) -> set[int]:
        """Returns the steps at which it is asked about a single actor, but for the start."""
        self.asked: set[int] = set()
        self.begin(run, Counted(steps=8))
        assert Simulator().run([eight], self) == "complete"
        return self.asked - {0}


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
def test_priorities_change_at_as_many_different_steps_as_the_depth_asks_for(depth: int) -> None:
    strategy = Asked(1, depth)
    seen: set[int] = set()
    for run in range(200):
        steps = strategy.steps(run)
        assert len(steps) == depth - 1
        seen |= steps
    assert seen == (set(range(1, 9)) if depth > 1 else set())


def test_a_run_with_fewer_steps_than_the_depth_asks_for_changes_at_each_of_them() -> None:
    assert Asked(1, 100).steps(0) == set(range(1, 9))


def test_it_becomes_fair_in_time_whatever_was_seen_before() -> None:
    strategy = PCT(1, 100)
    for run in range(20):
        strategy.begin(run, Counted(steps=2 * FAIR_AFTER))
        assert Simulator(max_steps=FAIR_AFTER + 5).run([spins, spins], strategy) == "endless"
        assert strategy.horizon == FAIR_AFTER + 5
