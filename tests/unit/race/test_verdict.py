"""The verdict on the bodies of cpython.md §3.1, held to the updates that real threads lost."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from pytest_concurrency.race.detector import Race
from pytest_concurrency.race.points.switches import has_gil
from tests.unit.race import test_switches as bodies
from tests.unit.race.test_switches import GROUND_TRUTH, Plain


def setup_of(kind: type[Plain]) -> Plain:
    bodies.TOTAL = 0
    return kind()


def both_counted(state: Plain) -> bool:
    return state.x + bodies.TOTAL == 2


@pytest.mark.parametrize(
    ("body", "kind", "lost"),
    GROUND_TRUTH,
    ids=[f"{body.__name__}-{kind.__name__}" for body, kind, _ in GROUND_TRUTH],
)
def test_is_what_real_threads_showed(
    body: Callable[[Plain], None], kind: type[Plain], lost: bool
) -> None:
    """Without the GIL threads can switch anywhere."""
    result = Race(seed=1, raise_on_finding=False).threads(
        body, body, setup=functools.partial(setup_of, kind), check=both_counted
    )
    assert result.finding is not None, str(result)
    assert result.finding.preemptions == 1
    reachable = lost or not has_gil()
    where = "reachable today" if reachable else "only without the GIL"
    assert result.finding.verdict.partition(":")[0] == where
