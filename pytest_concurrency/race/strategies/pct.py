"""PCT: random priorities, and a few random steps at which the running actor gets a low one.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
Finding Bugs, ASPLOS 2010.
"""

from __future__ import annotations

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile

__all__ = ["FAIR_AFTER", "PCT"]

# A loop that waits without yielding starves the others under strict priorities; Coyote's limit.
FAIR_AFTER = 10_000


class PCT:
    """Finds a bug of depth d with probability at least 1 / (n * k**(d-1)) in each run.

    n is the number of actors, k that of the steps, and the depth of a bug is the number of ordering
    constraints that are enough to show it. An actor that yields falls behind all others.

    Args:
        seed: Of the random numbers.
        depth: d, at least 1; there are d - 1 steps at which a priority changes.
    """

    def __init__(self, seed: int, depth: int) -> None:
        self.seed = seed
        self.depth = depth
        self.name = f"PCT({depth})"
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Draws the steps at which priorities change."""
        self._stream = stream = Stream(self.seed, run)
        self._changes = {
            stream.below(max(profile.steps, 1), -number) + 1: number
            for number in range(1, self.depth)
        }
        self._steps = sorted(self._changes)
        self._priorities: dict[int, int] = {}
        self._lowest = 0

    def choose(self, decision: Decision) -> ActorView:
        """Lowers the priority of who has just run if its step has come; returns the highest."""
        step = decision.step
        if step >= FAIR_AFTER:
            self.horizon = step + 1
            candidates = decision.candidates
            return candidates[self._stream.below(len(candidates), 1 << 32 | step)]
        steps, priorities = self._steps, self._priorities
        while steps and steps[0] <= step:
            change = self._changes[steps.pop(0)]
            if decision.current is not None:
                priorities[decision.current.index] = change
        self.horizon = steps[0] if steps else FAIR_AFTER
        best, highest = decision.candidates[0], None
        for candidate in decision.candidates:
            priority = priorities.get(candidate.index)
            if priority is None:
                # Above all changes, and distinct.
                priority = self._stream.bits(candidate.index) << 8 | 0xFF
                priorities[candidate.index] = priority
            if highest is None or priority > highest:
                best, highest = candidate, priority
        return best

    def yielded(self, actor: ActorView) -> None:
        """Puts the actor behind all others."""
        self._lowest -= 1
        self._priorities[actor.index] = self._lowest
