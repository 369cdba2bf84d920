"""Programs whose interleavings are known, and the statistics to compare them with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.protocol import Strategy
from tests.unit.race.strategies.simulator import Counted, Program, Simulator, Target

Log = list[str]
Make = Callable[[Simulator, Log], Sequence[Target]]


def sequence(name: str, operations: Sequence[Operation], log: Log) -> Target:
    """Returns an actor that does operations, and logs its name for each when it is done."""

    def does(simulator: Simulator) -> Program:
        for operation in operations:
            yield operation
            log.append(name)

    return does


def logs(make: Make, strategy: Strategy, runs: int) -> Counter[str]:
    """Counts the logs of complete runs."""
    profile = Counted()
    simulator = Simulator()
    counted: Counter[str] = Counter()
    for run in range(runs):
        log: Log = []
        strategy.begin(run, profile)
        assert simulator.run(make(simulator, log), strategy) == "complete"
        profile.look_at(simulator)
        counted["".join(log)] += 1
    return counted


def interleavings(*lengths: int) -> int:
    count = math.factorial(sum(lengths))
    for length in lengths:
        count //= math.factorial(length)
    return count


def is_uniform(counts: Counter[str], kinds: int) -> bool:
    """Tells whether counts pass a chi-square test, which rejects one uniform sample in 1000."""
    expected = sum(counts.values()) / kinds
    assert expected >= 20
    assert len(counts) <= kinds
    missing = kinds - len(counts)
    statistic = missing * expected + sum((n - expected) ** 2 / expected for n in counts.values())
    # The quantile as Wilson and Hilferty approximate it.
    spread = 2 / (9 * (kinds - 1))
    return statistic < (kinds - 1) * (1 - spread + 3.0902 * math.sqrt(spread)) ** 3


def deviation(runs: int) -> float:
    """Returns how far a measured rate is from its probability at most, but for one in a million.

    Hoeffding, Probability Inequalities for Sums of Bounded Random Variables, 1963.
    """
    return math.sqrt(math.log(2e6) / (2 * runs))
