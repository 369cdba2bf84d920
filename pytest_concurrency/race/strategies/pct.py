"""PCT: random priorities, and a few random steps at which the running actor gets a low one.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
Finding Bugs, ASPLOS 2010.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER, ActorView, Decision, Profile

__all__ = ["FAIR_AFTER", "PCT"]


class PCT:
    """Finds a bug of depth d with probability at least 1 / (n * k**(d-1)) in each run.

    n is the number of actors, k that of the steps, and the depth of a bug is the number of ordering
    constraints that are enough to show it. An actor that yields falls behind all others.

    Args:
        seed: Of the random numbers.
        depth: d, at least 1; there are d - 1 steps at which a priority changes, or as many as a run
            has steps if that is less.
    """

    def __init__(self, seed: int, depth: int) -> None:
        self.seed = seed
        self.depth = depth
        self.name = f"PCT({depth})"
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Draws the steps at which priorities change."""
        self._stream = stream = Stream(self.seed, run)
        # From FAIR_AFTER on there are no priorities to change.
        steps = min(max(profile.steps, 1), FAIR_AFTER)
        wanted = min(self.depth - 1, steps)
        changes: dict[int, int] = {}
        draw = 0
        while len(changes) < wanted:
            # Counted downwards: the numbers from 0 upwards are those of the actors.
            draw -= 1
            changes.setdefault(stream.below(steps, draw) + 1, len(changes) + 1)
        self._changes = changes
        # The next one comes last.
        self._ahead = sorted(changes, reverse=True)
        self._priorities: dict[int, int] = {}
        self._lowest = 0

    def choose(self, decision: Decision) -> ActorView:
        """Lowers the priority of who has just run if its step has come; returns the highest."""
        step = decision.step
        candidates = decision.candidates
        if step >= FAIR_AFTER:
            self.horizon = step + 1
            return candidates[self._stream.below(len(candidates), 1 << 32 | step)]
        ahead, priorities = self._ahead, self._priorities
        while ahead and ahead[-1] <= step:
            change = self._changes[ahead.pop()]
            current = decision.current
            if current is not None:
                priorities[current.index] = change
        self.horizon = ahead[-1] if ahead else FAIR_AFTER
        best = candidates[0]
        if len(candidates) == 1:
            return best
        highest = None
        for candidate in candidates:
            index = candidate.index
            priority = priorities.get(index)
            if priority is None:
                # Above all changes, and distinct.
                priorities[index] = priority = self._stream.bits(index) << 8 | 0xFF
            if highest is None or priority > highest:
                best, highest = candidate, priority
        return best

    def succession(self, candidates: Sequence[ActorView]) -> list[ActorView]:
        """Returns who goes on, one after the other, when each ends before the next change.

        Args:
            candidates: Everybody else, all of whom can go on.
        """
        stream, priorities = self._stream, self._priorities
        for candidate in candidates:
            index = candidate.index
            if index not in priorities:
                priorities[index] = stream.bits(index) << 8 | 0xFF
        return sorted(candidates, key=lambda each: priorities[each.index], reverse=True)

    def yielded(self, actor: ActorView) -> None:
        """Puts the actor behind all others."""
        self._lowest -= 1
        self._priorities[actor.index] = self._lowest
