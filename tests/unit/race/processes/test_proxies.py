"""Races on what a manager holds; its process is no actor, and waiting there is a decision."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_concurrency.race.processes.crew import States
from pytest_concurrency.race.runs import Case
from tests.unit.race.processes.kinds import METHODS, Kind, assert_fails, assert_passes
from tests.unit.race.processes.proxies import KINDS


@pytest.fixture(scope="module")
def managers() -> Iterator[dict[str, Any]]:
    """A manager of each start method."""
    started = {method: multiprocessing.get_context(method).Manager() for method in METHODS}
    yield started
    for manager in started.values():
        manager.shutdown()


def held_by(manager: Any, kind: Kind) -> Kind:
    return kind._replace(setup=lambda context: kind.setup(manager))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_bug(kind: str, method: str, managers: dict[str, Any]) -> None:
    assert_fails(held_by(managers[method], KINDS[kind]), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_never_blames_the_twin(kind: str, method: str, managers: dict[str, Any]) -> None:
    assert_passes(held_by(managers[method], KINDS[kind]), method)


class Heavy:
    """A state with a manager of its own, which only its proxies are sent of."""

    def __init__(self, context: Any) -> None:
        self.manager = context.Manager()
        self.counts = self.manager.dict(n=0)

    def __getstate__(self) -> Any:
        return self.counts

    def __setstate__(self, counts: Any) -> None:
        self.counts = counts


def increments(state: Heavy) -> None:
    state.counts["n"] += 1


def test_a_state_with_a_manager_of_its_own() -> None:
    kind = Kind(
        Heavy, (increments,) * 2, (), lambda state: state.counts["n"] == 2, "lost update", ()
    )
    assert_fails(kind, "fork")


def test_says_what_dear_states_cost() -> None:
    states = States(Case((nothing,), setup=dear))
    for _ in range(12):
        states.make()
        assert len(states.batch or ()) == 1
    assert states.note.startswith("setup takes ")
    assert "12 of them each had new processes" in states.note


def dear() -> int:
    time.sleep(0.03)
    return 0


def nothing(state: Any) -> None:
    pass
