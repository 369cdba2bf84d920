"""Blocked actors: what they wait for, until when, and who wakes them."""

from __future__ import annotations

from pytest_concurrency.race.actors import BLOCKED, DONE, READY, Actor, put_in_order
from pytest_concurrency.race.outside import Outside

__all__ = ["Waiting"]


class Waiting(Outside):
    """Blocks and wakes actors, for the modelled primitives.

    Attributes:
        waiting: Who waits, by the `id` of what for.
        woken: Who was woken, by the `id` of what is free now, and has not come to take it.
    """

    def __init__(self, max_steps: int, natural: bool) -> None:
        super().__init__(max_steps, natural)
        self.waiting: dict[int, list[Actor]] = {}
        self.woken: dict[int, list[Actor]] = {}

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Blocks the current actor until it is woken.

        Args:
            resource: What it waits for, until `wake` is called with it; None for a time.
            deadline: When its timeout may win, in seconds of the virtual clock; None for never.

        Returns:
            Whether it was woken; False if its timeout won.
        """
        actor = self._me()
        actor.state = BLOCKED
        actor.waits_for = resource
        actor.deadline = actor.until = deadline
        actor.timed_out = False
        if resource is not None:
            self.waiting.setdefault(id(resource), []).append(actor)
        if deadline is None:
            self._able.remove(actor)
        else:
            self._timed += 1
            self._strategy.yielded(actor)
        if self._back:
            self._take_back()
        if self._able:
            self._let_go_on(actor, "block")
        else:
            self._nobody_can_go_on()
            self._park(actor)
        actor.waits_for = None
        actor.deadline = None
        return not actor.timed_out

    def wake(self, resource: object) -> None:
        """Lets everybody who waits for a resource try again."""
        woken = self.waiting.pop(id(resource), [])
        for actor in woken:
            if actor.deadline is None:
                put_in_order(actor, self._able)
            else:
                self._timed -= 1
            actor.state = READY
            actor.deadline = None
        self.woken[id(resource)] = woken

    def taken(self, lock: object) -> None:
        """Blocks those again who were woken for a lock and have not come to take it."""
        again = [
            actor
            for actor in self.woken.pop(id(lock))
            if actor.state == READY and actor.waits_for is lock and actor is not self.current
        ]
        for actor in again:
            actor.state = BLOCKED
            actor.deadline = actor.until
            if actor.deadline is None:
                self._able.remove(actor)
            else:
                self._timed += 1
        if again:
            self.waiting[id(lock)] = again

    def give_way(self) -> None:
        """Lets others go on first: for `sleep(0)`, and for an attempt that failed."""
        actor = self._me()
        actor.yields += 1
        self._strategy.yielded(actor)
        self._let_go_on(actor, "yield")

    def join(self, actor: Actor, deadline: float | None = None) -> bool:
        """Waits until another actor has ended; False if the timeout won."""
        while actor.state != DONE:
            if not self.block(actor, deadline):
                return False
        return True

    def _fire(self, actor: Actor) -> None:
        super()._fire(actor)
        if actor.waits_for is not None:
            waiting = self.waiting[id(actor.waits_for)]
            waiting.remove(actor)
            if not waiting:
                del self.waiting[id(actor.waits_for)]
