"""The portfolio: one of several strategies, drawn for each run.

Each of them misses bugs that another one finds at once; together they are never far behind the best
one (measured on the SCTBench programs, design document algorithms.md, section 5.3).
"""

from __future__ import annotations

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.pos import POS
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile, Strategy
from pytest_concurrency.race.strategies.surw import SURW
from pytest_concurrency.race.strategies.urw import URW

__all__ = ["Portfolio"]

_DEPTHS = (2, 3, 4, 6)
_SALT = 0x706F7274


class Portfolio:
    """POS, PCT with a depth of 2, 3, 4 or 6, URW, SURW on one object, or SURW on all locks.

    Args:
        seed: Of the random numbers.
        depth: A depth for PCT to use beside the others.
    """

    def __init__(self, seed: int, depth: int | None = None) -> None:
        self.seed = seed
        depths = _DEPTHS if depth is None else (*_DEPTHS, depth)
        self._pct: list[Strategy] = [PCT(seed, each) for each in depths]
        self._others: list[Strategy] = [POS(seed), URW(seed), SURW(seed), SURW(seed, "locks")]
        self._drawn: Strategy = self._pct[0]

    @property
    def name(self) -> str:
        """That of the strategy drawn for this run."""
        return self._drawn.name

    @property
    def horizon(self) -> int:
        """That of the strategy drawn for this run."""
        return self._drawn.horizon

    def begin(self, run: int, profile: Profile) -> None:
        """Draws a strategy."""
        stream = Stream(self.seed, run, _SALT)
        number = stream.below(len(self._others) + 1, 0)
        if number < len(self._others):
            self._drawn = self._others[number]
        else:
            self._drawn = self._pct[stream.below(len(self._pct), 1)]
        self._drawn.begin(run, profile)

    def choose(self, decision: Decision) -> ActorView | None:
        """Asks the strategy drawn for this run."""
        return self._drawn.choose(decision)

    def yielded(self, actor: ActorView) -> None:
        """Tells the strategy drawn for this run."""
        self._drawn.yielded(actor)
