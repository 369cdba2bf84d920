"""Actors that are outside: in a call that blocks and is not modelled, while others go on."""

from __future__ import annotations

import _thread

from pytest_concurrency.race.actors import READY, STRAY, Actor, Unwind, put_in_order
from pytest_concurrency.race.baton import Baton

__all__ = ["Outside"]

_get_ident = _thread.get_ident


class Outside(Baton):
    """Lets actors leave the run, and take part again when they come back.

    Attributes:
        outside: How many actors are outside.
        strays: What blocked in the last run without being modelled, in words.
    """

    def __init__(self, max_steps: int, natural: bool) -> None:
        super().__init__(max_steps, natural)
        self.outside = 0
        # Who has come back and not taken part again.
        self._back: list[Actor] = []

    def _forget_run(self) -> None:
        super()._forget_run()
        self.strays: list[str] = []

    def leave_outside(self, actor: Actor, where: str) -> bool:
        """Takes the baton from an actor that blocks outside; called by the watchdog.

        Args:
            actor: Who has the baton.
            where: What it is doing, in words.

        Returns:
            Whether others go on; False if there is nobody else.
        """
        self.strays.append(where)
        if not self._able or self._able == [actor]:
            return False
        actor.state = STRAY
        self.outside += 1
        self._able.remove(actor)
        self._go_on_with_another("block")
        return True

    def rejoin(self) -> None:
        """Parks a stray actor that comes back, until it is chosen; called in its thread."""
        ident = _get_ident()
        for actor in self.actors:
            if actor.state == STRAY and actor.worker.ident == ident:
                self._back.append(actor)
                # Whoever has the baton makes a decision soon.
                self._limit = -1
                self._park(actor)
                if actor.worker.abandoned:
                    raise Unwind
                return

    def take_back(self) -> bool:
        """Lets actors that have come back take part again; tells whether there were any."""
        if not self._back:
            return False
        self._take_back()
        return True

    def _take_back(self) -> None:
        while self._back:
            actor = self._back.pop()
            if actor.worker.abandoned:
                continue
            actor.state = READY
            self.outside -= 1
            put_in_order(actor, self._able)

    def go_on(self) -> None:
        """Goes on after a time when nobody could."""
        self._go_on_with_another("block")

    def _nobody_can_go_on(self) -> None:
        if self.outside:
            # Somebody may come back.
            self._hand_back(idle=True)
        else:
            super()._nobody_can_go_on()
