"""URW: chooses actors in proportion to how many operations they have left.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.counts import Remaining, subtrees
from pytest_concurrency.race.strategies.protocol import ActorView, Profile
from pytest_concurrency.race.strategies.stepwise import Stepwise

__all__ = ["URW"]


class URW(Stepwise):
    """Makes every interleaving equally likely, if nothing blocks and every run has the same counts.

    Args:
        seed: Of the random numbers.
    """

    name = "URW"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._counted: Mapping[str, Mapping[Operation, int]] | None = None
        self._expected: dict[str, int] = {}

    def begin(self, run: int, profile: Profile) -> None:
        """Counts what each actor is expected to do."""
        super().begin(run, profile)
        if profile.operations is not self._counted:
            self._counted = profile.operations
            self._expected = subtrees(profile.operations, lambda operation: True)
        self._remaining = Remaining(self._expected)

    def _started(self, actor: ActorView) -> None:
        self._remaining.start(actor)

    def _done(self, actor: ActorView, operation: Operation) -> None:
        self._remaining.left[actor.index] -= 1

    def _pick(self, candidates: Sequence[ActorView]) -> ActorView:
        if len(candidates) == 1:
            return candidates[0]
        left = self._remaining.left
        # Who can go on has something to do, whatever was expected.
        weights = [left[each.index] for each in candidates]
        if min(weights) < 1:
            weights = [max(weight, 1) for weight in weights]
        sums = list(accumulate(weights))
        return candidates[bisect_right(sums, self._draw(sums[-1]))]
