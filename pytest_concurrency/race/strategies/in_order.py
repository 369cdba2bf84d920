"""In order: no preemption; when an actor ends or is blocked, the next one in a given order."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.strategies.pct import FAIR_AFTER
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile

__all__ = ["InOrder"]


class InOrder:
    """Runs the actors one after the other, as far as they do not wait for each other.

    Args:
        order: The indices of actors, first one first; others come last.
        alone: Whether the others wait while an actor sleeps: its timeout wins at once.
    """

    name = "in order"

    def __init__(self, order: Sequence[int] = (), *, alone: bool = False) -> None:
        self._alone = alone
        self._rank = {index: rank for rank, index in enumerate(order)}
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._last: dict[int, int] = {}

    def choose(self, decision: Decision) -> ActorView:
        """Returns the first in order; if the current one gives way or spins, the next."""
        current, step = decision.current, decision.step
        self.horizon = step + FAIR_AFTER
        candidates = decision.candidates
        if decision.reason in ("reach", "yield") and current is not None:
            self._last[current.index] = step
        if self._alone and decision.reason != "yield" and current is not None:
            root = current.path.partition(".")[0]
            # Its timers and what it has started count as the actor itself.
            own = [each for each in candidates if each.path.partition(".")[0] == root]
            candidates = own or candidates
        return min(candidates, key=self._place)

    def yielded(self, actor: ActorView) -> None:
        """Lets all others go first."""
        self._last[actor.index] = self._last.get(actor.index, 0) + 1

    def _place(self, actor: ActorView) -> tuple[bool, int, int, int]:
        index = actor.index
        return (
            actor.deadline is not None,
            self._last.get(index, 0),
            self._rank.get(index, len(self._rank)),
            index,
        )
