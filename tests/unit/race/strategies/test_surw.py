from __future__ import annotations

from collections import Counter
from typing import Literal

import pytest

from pytest_concurrency.race.strategies.surw import SURW
from tests.unit.race.strategies.oracles import Log, deviation, interleavings, is_uniform, logs
from tests.unit.race.strategies.simulator import (
    Lock,
    Program,
    Simulator,
    Target,
    operation,
)

SHARED, RARE, OWN = (operation("write", name) for name in ("shared", "rare", "own"))
READ_ONLY = operation("read", "read_only")


def blocked_by_who_is_held_back(simulator: Simulator, log: Log) -> list[Target]:
    """One actor writes under a lock, the other after having had it."""
    lock = Lock("lock")

    def inside(simulator: Simulator) -> Program:
        yield from lock.acquire()
        yield SHARED
        log.append("i")
        yield from lock.release(simulator)

    def outside(simulator: Simulator) -> Program:
        yield from lock.acquire()
        yield from lock.release(simulator)
        yield SHARED
        log.append("o")

    return [inside, outside]


@pytest.mark.parametrize("chosen", ["subject", "locks"])
def test_the_intention_is_drawn_again_if_the_intended_actor_is_blocked(
    chosen: Literal["subject", "locks"],
) -> None:
    assert set(logs(blocked_by_who_is_held_back, SURW(1, chosen), 300)) == {"io", "oi"}


def parent_and_children(simulator: Simulator, log: Log) -> list[Target]:
    def child(name: str, times: int) -> Target:
        own = operation("write", f"of_{name}")

        def writes(simulator: Simulator) -> Program:
            for _ in range(times):
                yield own
            for _ in range(2):
                yield SHARED
                log.append(name)

        return writes

    return [simulator.main(child("a", 0), child("b", 9), child("c", 3))]


def test_all_orders_are_equally_likely_also_of_actors_that_are_started_later() -> None:
    counts = logs(parent_and_children, SURW(1, "subject"), 9000)
    assert is_uniform(counts, interleavings(2, 2, 2))


def two_subjects(simulator: Simulator, log: Log) -> list[Target]:
    """Both actors write to one subject once and to another three times, and read a third."""

    def writes(name: str) -> Target:
        def does(simulator: Simulator) -> Program:
            for _ in range(3):
                yield READ_ONLY
                yield SHARED
            yield RARE
            log.append(name)

        return does

    return [writes("a"), writes("b")]


class Noting(SURW):
    """Notes what was drawn."""

    def subject(self) -> str:
        assert self._subjects is not None
        return ",".join(self._subjects)


def test_a_subject_is_drawn_by_how_often_actors_share_it() -> None:
    strategy = Noting(1, "subject")
    drawn: Counter[str] = Counter()

    def noting(simulator: Simulator, log: Log) -> list[Target]:
        drawn[strategy.subject()] += 1
        return two_subjects(simulator, log)

    runs = 3001
    logs(noting, strategy, runs)
    # Nothing is known in the first run.
    assert drawn.pop("") == 1
    assert set(drawn) == {"shared", "rare"}
    assert abs(drawn["shared"] / (runs - 1) - 3 / 4) < deviation(runs)


def longer_than_expected(simulator: Simulator, log: Log) -> list[Target]:
    """The other actor does what it writes only in some runs."""

    def always(simulator: Simulator) -> Program:
        yield SHARED
        log.append("a")

    def sometimes(simulator: Simulator) -> Program:
        yield OWN
        if log:
            for _ in range(3):
                yield SHARED
                log.append("b")

    return [always, sometimes]


@pytest.mark.parametrize("chosen", ["subject", "locks"])
def test_counts_that_are_wrong_hang_nothing(chosen: Literal["subject", "locks"]) -> None:
    assert set(logs(longer_than_expected, SURW(1, chosen), 300)) == {"a", "abbb"}
