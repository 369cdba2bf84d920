"""Random walk: at each decision, one of the candidates by lot."""

from __future__ import annotations

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile

__all__ = ["RandomWalk"]


class RandomWalk:
    """Chooses uniformly among the candidates before every visible operation.

    Without any guarantee worth the name: a schedule of c choices among n has probability n**-c.

    Args:
        seed: Of the random numbers.
    """

    name = "random walk"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._stream = Stream(self.seed, run)
        self._draws = 0

    def choose(self, decision: Decision) -> ActorView:
        """Draws one of the candidates."""
        candidates = decision.candidates
        self.horizon = decision.step + 1
        self._draws += 1
        return candidates[self._stream.below(len(candidates), self._draws)]

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: everybody has the same chance anyway."""
