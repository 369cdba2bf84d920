"""The portfolio finds the bugs of SCTBench about as fast as our reference model did."""

from __future__ import annotations

import pytest

from pytest_concurrency.race.strategies.portfolio import Portfolio
from tests.unit.race.strategies.programs import PROGRAMS
from tests.unit.race.strategies.simulator import Counted, Simulator, runs_until_failure

# Mean runs to the first failure, as measured with another implementation.
REFERENCE = {
    "lazy01": 4,
    "reorder_10": 46,
    "reorder_20": 7,
    "reorder_3": 9,
    "stringbuffer": 3,
    "twostage_20": 8,
    "wronglock": 4,
}


@pytest.mark.parametrize(("name", "reference"), REFERENCE.items())
def test_the_portfolio_is_not_much_slower_than_the_reference(name: str, reference: int) -> None:
    found = [runs_until_failure(PROGRAMS[name], Portfolio(seed), 1000) for seed in range(20)]
    assert None not in found
    assert sum(filter(None, found)) / 20 <= 1.5 * reference


# The operations of a run; some take more or less.
STEPS = {
    "lazy01": 17,
    "reorder_10": 41,
    "reorder_20": 90,
    "reorder_3": 13,
    "stringbuffer": 19,
    "twostage_20": 180,
    "wronglock": 50,
}


@pytest.mark.parametrize(("name", "steps"), STEPS.items())
def test_the_programs_are_as_long_as_those_of_the_reference(name: str, steps: int) -> None:
    portfolio, simulator, profile = Portfolio(1), Simulator(), Counted()
    lengths = set()
    for run in range(100):
        portfolio.begin(run, profile)
        simulator.run(PROGRAMS[name](simulator), portfolio)
        profile.look_at(simulator)
        lengths.add(len(simulator.trace))
    assert steps in lengths
