"""The portfolio: another strategy for every run, because each one misses bugs that others find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.pct import PCT, Plan
from pytest_concurrency.race.strategies.pos import POS
from pytest_concurrency.race.strategies.protocol import (
    ActorView,
    Decision,
    Profile,
    Strategy,
)
from pytest_concurrency.race.strategies.surw import SURW
from pytest_concurrency.race.strategies.urw import URW

__all__ = ["Portfolio"]

_DEPTHS = (2, 3, 4, 6)
# So that the draw of the strategy is independent of what the strategy draws.
_SALT = 1


class Portfolio:
    """Draws a strategy for each run.

    Args:
        seed: Of the random numbers, of all strategies.
        depth: Adds PCT with this depth, for what it guarantees.
    """

    def __init__(self, seed: int, depth: int | None = None) -> None:
        self.seed = seed
        self.horizon = 0
        pcts: list[Strategy] = [PCT(seed, each) for each in _DEPTHS]
        subject: list[Strategy] = [SURW(seed, "subject")]
        locks: list[Strategy] = [SURW(seed, "locks")]
        # SURW is the strongest by what is published, and each run of it is about some operations
        # only; so both kinds of it have two shares.
        self._shares: list[list[Strategy]] = [
            [POS(seed)],
            pcts,
            [URW(seed)],
            *[subject, locks] * 2,
        ]
        if depth is not None:
            self._shares.append([PCT(seed, depth)])
        self._drawn: Strategy = pcts[0]

    @property
    def name(self) -> str:
        """The name of the strategy of the current run."""
        return self._drawn.name

    def begin(self, run: int, profile: Profile) -> None:
        """Draws a strategy, and prepares it."""
        stream = Stream(self.seed, run, _SALT)
        share = self._shares[stream.below(len(self._shares), 0)]
        self._drawn = share[stream.below(len(share), 1)]
        self._drawn.begin(run, profile)

    def choose(self, decision: Decision) -> ActorView | None:
        """Asks the strategy of the run."""
        drawn = self._drawn
        chosen = drawn.choose(decision)
        self.horizon = drawn.horizon
        return chosen

    def plan(self, actors: Sequence[ActorView]) -> Plan | None:
        """Asks the strategy of the run, if it has one."""
        return self._drawn.plan(actors) if isinstance(self._drawn, PCT) else None

    def follow(self, lowered: Iterable[int]) -> None:
        """Tells the strategy of the run, which has made a plan."""
        assert isinstance(self._drawn, PCT)
        self._drawn.follow(lowered)

    def yielded(self, actor: ActorView) -> None:
        """Tells the strategy of the run."""
        self._drawn.yielded(actor)
