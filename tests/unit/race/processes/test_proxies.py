"""Races on what a manager holds; its process is no actor, and waiting there is a decision."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest

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
