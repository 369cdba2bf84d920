"""Races on memory that processes share are found and told; with a lock nothing is found."""

from __future__ import annotations

import pytest

from tests.unit.race.processes.kinds import METHODS, assert_fails, assert_passes
from tests.unit.race.processes.values import KINDS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_bug(kind: str, method: str) -> None:
    assert_fails(KINDS[kind], method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_never_blames_the_twin(kind: str, method: str) -> None:
    assert_passes(KINDS[kind], method)
