"""Races on memory that processes share are found and told; with a lock nothing is found."""

from __future__ import annotations

from tests.unit.race.processes.kinds import assert_fails, assert_passes, under_some_methods
from tests.unit.race.processes.values import KINDS


@under_some_methods(KINDS)
def test_finds_the_bug(kind: str, method: str) -> None:
    assert_fails(KINDS[kind], method)


@under_some_methods(KINDS)
def test_never_blames_the_twin(kind: str, method: str) -> None:
    assert_passes(KINDS[kind], method)
