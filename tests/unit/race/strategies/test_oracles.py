from __future__ import annotations

from collections import Counter
from typing import Literal

import pytest

from pytest_concurrency.race.strategies import stepwise
from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.surw import SURW
from pytest_concurrency.race.strategies.urw import URW
from pytest_concurrency.race.strategies.walk import RandomWalk
from tests.unit.race.strategies.kinds import KINDS, Make
from tests.unit.race.strategies.oracles import (
    Log,
    deviation,
    interleavings,
    is_uniform,
    logs,
    sequence,
)
from tests.unit.race.strategies.simulator import Lock, Program, Simulator, Target, operation

READ, WRITE = operation("read", "shared"), operation("write", "shared")
OWN_A, OWN_B = operation("write", "of_a"), operation("write", "of_b")


def two_increments(simulator: Simulator, log: Log) -> list[Target]:
    number = 0

    def increment(name: str) -> Target:
        def increments(simulator: Simulator) -> Program:
            nonlocal number
            yield READ
            seen = number
            yield WRITE
            number = seen + 1
            log[:] = [str(number)]

        return increments

    return [increment("a"), increment("b")]


def test_random_walk_loses_an_update_with_probability_three_eighths() -> None:
    runs = 20_000
    lost = logs(two_increments, RandomWalk(1), runs)["1"]
    assert abs(lost / runs - 3 / 8) < deviation(runs)


def three_and_four(simulator: Simulator, log: Log) -> list[Target]:
    return [sequence("a", [WRITE] * 3, log), sequence("b", [WRITE] * 4, log)]


def three_pairs(simulator: Simulator, log: Log) -> list[Target]:
    return [sequence(name, [WRITE] * 2, log) for name in "abc"]


def test_urw_makes_all_interleavings_equally_likely() -> None:
    # The first run has no counts yet, and is one among many.
    assert is_uniform(logs(three_and_four, URW(1), 7000), interleavings(3, 4))
    assert is_uniform(logs(three_pairs, URW(1), 9000), interleavings(2, 2, 2))


def test_random_walk_does_not() -> None:
    assert not is_uniform(logs(three_and_four, RandomWalk(1), 7000), interleavings(3, 4))


def parent_and_child(simulator: Simulator, log: Log) -> list[Target]:
    """The parent does one operation, starts a child that does three, and does two more."""

    def parent(simulator: Simulator) -> Program:
        yield WRITE
        yield operation("call", "start")
        simulator.spawn(sequence("b", [WRITE] * 3, log))
        yield from sequence("a", [WRITE] * 2, log)(simulator)

    return [parent, sequence("c", [WRITE], log)]


def test_urw_counts_a_child_as_its_parent_until_it_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In a loose run a child need not come to its first operation at once.
    monkeypatch.setattr(stepwise, "is_loose", lambda seed, run: False)
    # c comes at one of seven places in ten orders of a and b; at the first three it shows the same.
    counts = logs(parent_and_child, URW(1), 16_000)
    first = sum(times for order, times in counts.items() if order.startswith("c"))
    assert abs(first / 16_000 - 3 / 8) < deviation(16_000)
    later = Counter({order: times for order, times in counts.items() if order[0] != "c"})
    assert is_uniform(later, 5 * interleavings(2, 3))


def with_private_operations(simulator: Simulator, log: Log) -> list[Target]:
    """What is private to an actor is of very different length."""

    def a(simulator: Simulator) -> Program:
        yield from sequence("", [OWN_A] * 12, log)(simulator)
        yield from sequence("a", [WRITE] * 3, log)(simulator)

    def b(simulator: Simulator) -> Program:
        for _ in range(3):
            yield OWN_B
            yield from sequence("b", [WRITE], log)(simulator)

    return [simulator.main(a, b)]


@pytest.mark.parametrize("chosen", ["subject", "locks"])
def test_surw_makes_all_orders_on_a_subject_equally_likely(
    chosen: Literal["subject", "locks"],
) -> None:
    strategy = SURW(1, chosen)
    assert is_uniform(logs(with_private_operations, strategy, 6000), interleavings(3, 3))


def test_urw_does_not_if_other_operations_come_between() -> None:
    assert not is_uniform(logs(with_private_operations, URW(1), 6000), interleavings(3, 3))


def under_a_lock(simulator: Simulator, log: Log) -> list[Target]:
    lock = Lock("lock")

    def adds(name: str, times: int) -> Target:
        def add(simulator: Simulator) -> Program:
            for _ in range(times):
                yield from lock.acquire()
                yield READ
                yield WRITE
                log.append(name)
                yield from lock.release(simulator)

        return add

    return [adds("a", 2), adds("b", 4)]


def test_surw_makes_all_orders_of_acquiring_a_lock_equally_likely() -> None:
    assert is_uniform(logs(under_a_lock, SURW(1, "locks"), 3000), interleavings(2, 4))


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_every_strategy_reaches_every_interleaving(make: Make) -> None:
    def three_each(simulator: Simulator, log: Log) -> list[Target]:
        return [sequence(name, [READ, WRITE, READ], log) for name in "ab"]

    assert len(logs(three_each, make(1), 3000)) == interleavings(3, 3)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_every_strategy_reaches_every_order_of_a_lock(make: Make) -> None:
    assert len(logs(under_a_lock, make(1), 3000)) == interleavings(2, 4)


# Of two actors with six operations each: one order that a bug of each depth needs.
ORDERS = {1: "bbbbbbaaaaaa", 2: "aaabbbbbbaaa", 3: "aabbbaaaabbb"}


@pytest.mark.parametrize(("depth", "order"), ORDERS.items())
def test_pct_finds_a_bug_of_depth_d_as_often_as_it_promises(depth: int, order: str) -> None:
    def six_each(simulator: Simulator, log: Log) -> list[Target]:
        return [sequence(name, [WRITE] * 6, log) for name in "ab"]

    runs = 20_000
    promised = runs / (2 * 12 ** (depth - 1))
    # Five standard deviations.
    assert logs(six_each, PCT(1, depth), runs)[order] > promised - 5 * promised**0.5 > 0
    # And less depth is not enough.
    assert depth == 1 or order not in logs(six_each, PCT(1, depth - 1), runs)
