"""Files are shared state: a lost update names the file, and a `FileLock` prevents it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.race.processes.kinds import (
    METHODS,
    assert_fails,
    assert_passes,
    raced,
    under_some_methods,
)
from tests.unit.race.processes.on_disk import KINDS, keeps_its_lock


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDER_OF_THE_TEST", str(tmp_path))


@under_some_methods(KINDS)
def test_finds_the_bug(kind: str, method: str) -> None:
    assert_fails(KINDS[kind], method)


@under_some_methods([kind for kind in KINDS if kind != "sqlite3"])
def test_never_blames_the_twin(kind: str, method: str) -> None:
    assert_passes(KINDS[kind], method)


def test_a_lock_that_is_never_released_ends_with_its_process() -> None:
    kind = KINDS["FileLock"]
    result = raced(kind, (keeps_its_lock, keeps_its_lock), "fork", runs=20)
    assert result.finding is None, str(result)


@pytest.mark.parametrize("method", METHODS)
def test_a_busy_database_is_recognised_by_the_word_of_the_system(method: str) -> None:
    kind = KINDS["sqlite3"]
    # Each wait for the database costs real time.
    result = raced(kind, kind.fixed, method, runs=2, strategy="random")
    assert result.finding is None, str(result)
