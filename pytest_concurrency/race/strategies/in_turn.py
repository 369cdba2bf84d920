"""In turn: every actor does a few operations, then the next one does."""

from __future__ import annotations

from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile

__all__ = ["InTurn"]

# About so many turns in a run: each may be a preemption that has to be found needless afterwards.
_TURNS = 32


class InTurn:
    """Lets all actors be in the middle of what they do at the same time.

    Of a long program an actor does more in each turn than one operation.
    """

    name = "in turn"

    def __init__(self) -> None:
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._length = 1 + profile.steps // _TURNS

    def choose(self, decision: Decision) -> ActorView:
        """Returns the candidate after the current one; a timeout wins if nobody else can go on."""
        self.horizon = decision.step + self._length
        candidates = decision.candidates
        free = [each for each in candidates if each.deadline is None] or candidates
        last = -1 if decision.current is None else decision.current.index
        return next((each for each in free if each.index > last), free[0])

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: it is the turn of another one anyway."""
