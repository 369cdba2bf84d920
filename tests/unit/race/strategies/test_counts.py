from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from pytest_concurrency.race.strategies.counts import Remaining, subtrees
from pytest_concurrency.race.strategies.protocol import ActorView
from tests.unit.race.strategies.simulator import operation

READ, WRITE = operation("read", "number"), operation("write", "number")
OPERATIONS = {"0": {READ: 1}, "0.0": {READ: 2, WRITE: 4}, "0.0.1": {WRITE: 8}, "1": {READ: 16}}


def actor(index: int, path: str) -> ActorView:
    return cast(ActorView, SimpleNamespace(index=index, path=path))


def test_a_subtree_is_an_actor_and_all_whom_it_started() -> None:
    expected = subtrees(OPERATIONS, lambda operation: True)
    assert expected == {"0": 15, "0.0": 14, "0.0.1": 8, "1": 16}


def test_only_what_is_asked_for_is_counted() -> None:
    assert subtrees(OPERATIONS, lambda operation: operation.writes) == {
        "0": 12,
        "0.0": 12,
        "0.0.1": 8,
        "1": 0,
    }


def test_a_child_takes_its_operations_from_its_parent() -> None:
    remaining = Remaining(subtrees(OPERATIONS, lambda operation: True))
    assert remaining.start(actor(0, "0")) == (None, 15)
    assert remaining.start(actor(1, "1")) == (None, 16)
    assert remaining.left == {0: 15, 1: 16}
    assert remaining.start(actor(2, "0.0")) == (0, 14)
    assert remaining.left == {0: 1, 1: 16, 2: 14}
    assert remaining.start(actor(3, "0.0.1")) == (2, 8)
    assert remaining.left == {0: 1, 1: 16, 2: 6, 3: 8}


def test_nothing_is_known_of_an_actor_that_was_not_seen_before() -> None:
    remaining = Remaining({"0": 3})
    remaining.start(actor(0, "0"))
    assert remaining.start(actor(1, "0.0")) == (0, 0)
    assert remaining.left == {0: 3, 1: 0}
