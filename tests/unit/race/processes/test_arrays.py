"""Races on numpy arrays over shared memory are told like those on the memory itself."""

from __future__ import annotations

import pytest

from tests.unit.race.processes.kinds import METHODS, assert_fails, assert_passes

pytest.importorskip("numpy", reason="numpy is not installed, and no dependency")

NAMES = ("over SharedMemory", "over RawArray")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", NAMES)
def test_finds_the_bug(kind: str, method: str) -> None:
    from tests.unit.race.processes.arrays import KINDS

    assert_fails(KINDS[kind], method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", NAMES)
def test_never_blames_the_twin(kind: str, method: str) -> None:
    from tests.unit.race.processes.arrays import KINDS

    assert_passes(KINDS[kind], method)
