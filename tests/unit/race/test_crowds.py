"""Many actors get a note on what they cost."""

from __future__ import annotations

import pytest

from pytest_concurrency.race import crowds
from pytest_concurrency.race.detector import Race


class State:
    value = 0


def add(state: State) -> None:
    state.value += 1


@pytest.mark.parametrize(("copies", "noted"), [(2, False), (9, True)])
def test_a_long_search_with_many_actors_is_noted(
    copies: int, noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "_LONG", 0.0)
    result = Race(seed=1, runs=20).threads(add, copies=copies, setup=State)
    assert ("9 actors took " in str(result)) is noted


def test_a_short_search_is_not_noted() -> None:
    assert crowds.note_on_crowd(100, 1_000, 1.0) == ""
    assert crowds.note_on_crowd(100, 1_000, 20.0) == (
        "100 actors took 20 s for 1,000 runs: nearly every bug shows with two or three, in a "
        "fraction of the time"
    )
