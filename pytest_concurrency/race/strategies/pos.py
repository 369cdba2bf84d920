"""POS: a random priority for every operation, drawn anew when a conflicting one was first.

Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.protocol import ActorView, Profile
from pytest_concurrency.race.strategies.stepwise import Stepwise

__all__ = ["POS"]


class POS(Stepwise):
    """Does the pending operation of the highest priority.

    Without new draws, an operation that has lost against one would be likely to lose against the
    next that conflicts with it too, and few partial orders would be likely.

    Args:
        seed: Of the random numbers.
    """

    name = "POS"

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        super().begin(run, profile)
        self._priorities: dict[int, int] = {}
        self._last: Operation | None = None

    def yielded(self, actor: ActorView) -> None:
        """Lets others go on first, and draws all priorities anew.

        Each turn of a loop that polls has a new priority; somebody's low one would lose to many.
        """
        super().yielded(actor)
        self._priorities.clear()

    def _done(self, actor: ActorView, operation: Operation) -> None:
        self._last = operation

    def _halted(self, actor: ActorView, operation: Operation) -> None:
        # Who could not acquire a lock has changed nothing.
        if not operation.acquires:
            self._last = operation

    def _pick(self, candidates: Sequence[ActorView]) -> ActorView:
        priorities, last = self._priorities, self._last
        self._last = None
        best, highest = candidates[0], -1
        for candidate in candidates:
            priority = priorities.get(candidate.index)
            if priority is None or (
                last is not None
                and (pending := candidate.pending) is not None
                and last.conflicts(pending)
            ):
                self._draws += 1
                priorities[candidate.index] = priority = self._stream.bits(self._draws)
            if priority > highest:
                best, highest = candidate, priority
        del priorities[best.index]
        return best
