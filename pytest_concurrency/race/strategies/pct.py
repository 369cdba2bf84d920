"""PCT: random priorities, and a few random steps at which the running actor gets a low one.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
Finding Bugs, ASPLOS 2010.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER, ActorView, Decision, Profile

__all__ = ["FAIR_AFTER", "PCT", "Change", "Plan"]


class Change(NamedTuple):
    """A step at which the actor that runs then gets another priority."""

    step: int
    priority: int


class Plan(NamedTuple):
    """Whom priorities let go on, without asking again.

    Attributes:
        priorities: Of each actor, by index, from 1: who can go on and has the highest one does.
        changes: What changes, in the order of their steps.
    """

    priorities: Mapping[int, int]
    changes: Sequence[Change]


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

    def plan(self, actors: Sequence[ActorView]) -> Plan:
        """Returns what `choose` would do from now on, as long as nobody yields.

        Args:
            actors: All who have not ended.
        """
        stream, priorities = self._stream, self._priorities
        for actor in actors:
            if actor.index not in priorities:
                priorities[actor.index] = stream.bits(actor.index) << 8 | 0xFF
        changes = [(step, self._changes[step]) for step in reversed(self._ahead)]
        # Only their order matters; they are larger than a word.
        known = {*(priorities[actor.index] for actor in actors), *(to for _, to in changes)}
        ranks = {priority: rank for rank, priority in enumerate(sorted(known), 1)}
        return Plan(
            {actor.index: ranks[priorities[actor.index]] for actor in actors},
            [Change(step, ranks[to]) for step, to in changes],
        )

    def follow(self, lowered: Iterable[int]) -> None:
        """Notes that the next changes were made as planned.

        Args:
            lowered: Whose priority each has changed, by index.
        """
        for index in lowered:
            self._priorities[index] = self._changes[self._ahead.pop()]

    def yielded(self, actor: ActorView) -> None:
        """Puts the actor behind all others."""
        self._lowest -= 1
        self._priorities[actor.index] = self._lowest
