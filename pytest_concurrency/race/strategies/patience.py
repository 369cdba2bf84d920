"""Who lets others go on first, and for how long.

After Musuvathi, Qadeer: Fair Stateless Model Checking, PLDI 2008.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_concurrency.race.strategies.protocol import ActorView

__all__ = ["Patience"]


class Patience:
    """Knows the actors that wait in one run.

    Who has given way waits until all others have gone on since. Whose turn would mean that its
    timeout wins waits until all others have given way since, or cannot go on.

    Args:
        hasty: Timeouts do not wait: in such a run, one can win though others could go on.
    """

    __slots__ = ("_gave_way", "_hasty", "_timed")

    def __init__(self, hasty: bool = False) -> None:
        self._hasty = hasty
        # For each who waits, by index, whom it need not wait for any more.
        self._gave_way: dict[int, set[int]] = {}
        self._timed: dict[int, set[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._gave_way or self._timed)

    def __contains__(self, actor: ActorView) -> bool:
        return actor.index in self._gave_way or actor.index in self._timed

    def yielded(self, actor: ActorView) -> None:
        """Notes that an actor waits."""
        for others in self._timed.values():
            others.add(actor.index)
        if self._hasty and actor.deadline is not None:
            return
        waiting = self._gave_way if actor.deadline is None else self._timed
        waiting[actor.index] = set()

    def went_on(self, actor: ActorView) -> None:
        """Notes that it is the turn of an actor."""
        self._gave_way.pop(actor.index, None)
        self._timed.pop(actor.index, None)
        for others in self._gave_way.values():
            others.add(actor.index)

    def of(self, candidates: Sequence[ActorView]) -> Sequence[ActorView]:
        """Returns the candidates that need not wait; all of them if everybody waits for others."""
        at_once = {each.index for each in candidates if each.deadline is None}
        free = []
        for each in candidates:
            index = each.index
            waiting = self._gave_way if each.deadline is None else self._timed
            others = waiting.get(index)
            if others is None or at_once - others <= {index}:
                free.append(each)
        return free or candidates
