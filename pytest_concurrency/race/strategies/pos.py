"""POS: a random priority for every event; one that races with what was just done draws anew.

Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018.
"""

from __future__ import annotations

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.pct import FAIR_AFTER
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile

__all__ = ["POS"]


class POS:
    """Samples partial orders: each has a chance that does not shrink with their schedules.

    Args:
        seed: Of the random numbers.
    """

    name = "POS"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._stream = Stream(self.seed, run)
        self._draws = 0
        self._priorities: dict[int, int] = {}
        self._lowest = 0

    def choose(self, decision: Decision) -> ActorView:
        """Returns the candidate whose pending operation has the highest priority."""
        self.horizon = decision.step + 1
        candidates = decision.candidates
        if decision.step >= FAIR_AFTER:
            self._draws += 1
            return candidates[self._stream.below(len(candidates), self._draws)]
        priorities, bits = self._priorities, self._stream.bits
        best, highest = candidates[0], None
        for candidate in candidates:
            priority = priorities.get(candidate.index)
            if priority is None:
                self._draws += 1
                priority = priorities[candidate.index] = bits(self._draws)
            if highest is None or priority > highest:
                best, highest = candidate, priority
        del priorities[best.index]
        done = best.pending
        if done is not None:
            subject, writes = done.subject, done.writes
            for candidate in candidates:
                pending = candidate.pending
                if pending is not None and pending.subject == subject:
                    if writes or pending.writes:
                        priorities.pop(candidate.index, None)
        return best

    def yielded(self, actor: ActorView) -> None:
        """Puts the actor behind all others, until its next event."""
        self._lowest -= 1
        self._priorities[actor.index] = self._lowest
