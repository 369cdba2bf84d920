"""What the strategies share that decide before every visible operation: starts and fairness."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.patience import Patience
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER, ActorView, Decision, Profile

__all__ = ["Stepwise", "is_loose"]


_LOOSE_ONE_IN = 8
_SALT = 2


def is_loose(seed: int, run: int) -> bool:
    """Tells whether a run is one of the few, one in eight, in which less is taken for granted.

    In a loose run a timeout can win at any time, and actors that others start begin at any time:
    what those do before their first visible operation, in a pool for instance, may matter after
    all.
    """
    return not Stream(seed, run, _SALT).below(_LOOSE_ONE_IN, 0)


class Stepwise:
    """Lets every actor come to its first operation at once, and then chooses before each operation.

    An actor does nothing visible before its first operation, and only then it is known what it is
    about to do.

    Args:
        seed: Of the random numbers.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.horizon = 0

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run."""
        self._stream = Stream(self.seed, run)
        self._draws = 0
        self._step = 0
        self._begun = 0
        self._loose = is_loose(self.seed, run)
        self._patience = Patience(hasty=self._loose)
        # Who goes on, and what it does first.
        self._chosen: ActorView | None = None
        self._operation: Operation | None = None

    def choose(self, decision: Decision) -> ActorView:
        """Starts who has not begun; otherwise decides who does its pending operation."""
        step = decision.step
        candidates = decision.candidates
        self.horizon = step + 1
        if step >= FAIR_AFTER:
            return candidates[self._draw(len(candidates))]
        operation, chosen = self._operation, self._chosen
        if operation is not None and chosen is not None:
            if step > self._step:
                self._done(chosen, operation)
            else:
                self._halted(chosen, operation)
        self._step = step
        new = self._new_one(candidates) if candidates[-1].index >= self._begun else None
        if new is not None:
            chosen = new
            self._operation = None
        else:
            patience = self._patience
            if patience:
                chosen = self._pick(patience.of(candidates))
                patience.went_on(chosen)
            else:
                chosen = self._pick(candidates)
            self._operation = chosen.pending
        self._chosen = chosen
        return chosen

    def yielded(self, actor: ActorView) -> None:
        """Lets others go on first."""
        self._patience.yielded(actor)

    def _new_one(self, candidates: Sequence[ActorView]) -> ActorView | None:
        """Returns an actor that is to come to its first operation now."""
        for each in candidates:
            if each.index >= self._begun:
                self._begun = each.index + 1
                self._started(each)
                if not self._loose or "." not in each.path:
                    return each
        return None

    def _draw(self, bound: int) -> int:
        """Returns the next random number below a bound."""
        self._draws += 1
        return self._stream.below(bound, self._draws)

    def _started(self, actor: ActorView) -> None:
        """Notes a new actor, which has the turn until it comes to its first operation."""

    def _done(self, actor: ActorView, operation: Operation) -> None:
        """Notes that an actor has done an operation and has come to the next."""

    def _halted(self, actor: ActorView, operation: Operation) -> None:
        """Notes that an actor has begun an operation and has been blocked, has yielded or ended."""

    def _pick(self, candidates: Sequence[ActorView]) -> ActorView:
        """Chooses who does its pending operation."""
        raise NotImplementedError
