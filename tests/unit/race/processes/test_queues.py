"""What processes send each other: who waits for what, and who may come first."""

from __future__ import annotations

import pytest

from tests.unit.race.processes.kinds import METHODS, assert_fails, assert_passes
from tests.unit.race.processes.queues import KINDS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_bug(kind: str, method: str) -> None:
    assert_fails(KINDS[kind], method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_never_blames_the_twin(kind: str, method: str) -> None:
    assert_passes(KINDS[kind], method)
