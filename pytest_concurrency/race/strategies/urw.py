"""URW: chooses actors in proportion to how much they have left, so that interleavings are equal.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile
from pytest_concurrency.race.strategies.shares import Shares

__all__ = ["URW", "drawn", "unstarted"]


class URW:
    """Draws every interleaving of actors that do not block with the same probability.

    Args:
        seed: Of the random numbers.
    """

    name = "URW"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._stream = Stream(self.seed, run)
        self._shares = Shares(
            {path: sum(counts.values()) for path, counts in profile.operations.items()}
        )
        self._draws = 0
        self._all_begun = False

    def choose(self, decision: Decision) -> ActorView:
        """Draws a candidate, each with the weight of what it has left."""
        self.horizon = decision.step + 1
        candidates = decision.candidates
        if not self._all_begun:
            first = unstarted(decision)
            if first is not None:
                return first
            self._all_begun = True
        shares = self._shares
        # Whoever did more than expected keeps a small chance.
        weights = [max(shares.of(candidate.path), 1) for candidate in candidates]
        self._draws += 1
        chosen = drawn(candidates, weights, self._stream, self._draws)
        shares.take(chosen.path)
        return chosen

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: everybody has a chance."""


def unstarted(decision: Decision) -> ActorView | None:
    """Returns a given actor that has not begun.

    It comes to its first operation without touching anything, so its start is no event.
    """
    for candidate in decision.candidates:
        if candidate.pending is None and "." not in candidate.path and candidate.deadline is None:
            return candidate if candidate is not decision.current else None
    return None


def drawn(
    candidates: Sequence[ActorView],
    weights: list[int],
    stream: Stream,
    draw: int,
) -> ActorView:
    """Draws one of the candidates by weight.

    Args:
        candidates: Whom to draw from.
        weights: One for each, at least 1.
        stream: Where the random number comes from.
        draw: Its number.
    """
    number = stream.below(sum(weights), draw)
    for candidate, weight in zip(candidates, weights, strict=True):
        number -= weight
        if number < 0:
            return candidate
    return candidates[-1]
