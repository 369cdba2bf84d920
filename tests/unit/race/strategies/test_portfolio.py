from __future__ import annotations

from collections import Counter

import pytest

from pytest_concurrency.race.strategies.portfolio import Portfolio
from tests.unit.race.strategies.simulator import Counted

NAMES = {
    "POS",
    "PCT(2)",
    "PCT(3)",
    "PCT(4)",
    "PCT(6)",
    "URW",
    "SURW(subject)",
    "SURW(locks)",
}


def names(portfolio: Portfolio, runs: int) -> list[str]:
    drawn = []
    for run in range(runs):
        portfolio.begin(run, Counted())
        drawn.append(portfolio.name)
    return drawn


def test_every_strategy_has_its_share() -> None:
    drawn = Counter(names(Portfolio(1), 2000))
    assert set(drawn) == NAMES
    pct = sum(times for name, times in drawn.items() if name.startswith("PCT"))
    for times in (pct, drawn["POS"], drawn["URW"]):
        assert 225 < times < 350
    for times in (drawn["SURW(subject)"], drawn["SURW(locks)"]):
        assert 500 < times < 650


def test_the_strategy_of_a_run_depends_on_the_seed_and_its_number_only() -> None:
    there = names(Portfolio(1), 50)
    portfolio = Portfolio(1)
    back = []
    for run in reversed(range(50)):
        portfolio.begin(run, Counted())
        back.append(portfolio.name)
    assert back[::-1] == there
    assert names(Portfolio(2), 50) != there


@pytest.mark.parametrize("depth", [1, 3, 9])
def test_a_depth_that_was_asked_for_gets_a_share_of_its_own(depth: int) -> None:
    drawn = Counter(names(Portfolio(1, depth), 2000))
    assert set(drawn) == NAMES | {f"PCT({depth})"}
    assert drawn[f"PCT({depth})"] > 200
