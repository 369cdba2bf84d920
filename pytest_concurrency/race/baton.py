"""The baton: which actor goes on, and how it gets the turn from the one before.

The actor that runs holds the baton. It hands it on by releasing the gate of another actor, a raw
lock, and waits at its own.
"""

from __future__ import annotations

import _thread

from pytest_concurrency.race.actors import BLOCKED, READY, Actor, Unwind, acquire_raw, release_raw
from pytest_concurrency.race.driver import Ending, Stretch
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.protocol import Reason, Strategy
from pytest_concurrency.race.unwinding import Unwinding

__all__ = ["Baton"]


class Baton(Unwinding):
    """Hands the baton from actor to actor, as a strategy chooses, until the run ends.

    Args:
        max_steps: After so many visible operations a run counts as endless.
        natural: Decide only where this interpreter itself could switch threads.

    Attributes:
        trace: The visible operations of the last run in the order in which actors came to them.
        stretches: Who went on from which place in `trace`, and why.
        actors: The actors of the last run.
        candidates: Those between whom the strategy chooses.
        current: Who has the baton.
        ident: The thread that has it; 0 for that of the scheduler.
        ending: How the run ended.
        now: The virtual time, in seconds since the start of the run.
        aborting: Whether the run is over, and actors are only unwound.
        idle: Whether the baton is back only until a stray actor returns.
    """

    def __init__(self, max_steps: int, natural: bool) -> None:
        self.max_steps = max_steps
        self.natural = natural
        self.ident = 0
        self.step = 0
        self.reason: Reason = "start"
        self.idle = False
        self._baton_out = False
        self._done = _thread.allocate_lock()
        self._limit = 0
        self._strategy: Strategy
        self._forget_run()

    def _forget_run(self) -> None:
        """Prepares for a run."""
        self.trace: list[Operation] = []
        self.stretches: list[Stretch] = []
        self.actors: list[Actor] = []
        self.candidates: list[Actor] = []
        self._able = self.candidates
        self._timed = 0
        self._living = 0
        self.current: Actor | None = None
        self.ending: Ending = "complete"
        self.now = 0.0
        self.aborting = False
        self._steps = -1
        self._broken: Exception | None = None

    def _chosen(self, reason: Reason) -> Actor | None:
        """Asks the strategy; None if the run need not go on."""
        strategy = self._strategy
        self.step = len(self.trace)
        self.reason = reason
        able = self._able
        if self._timed > 1:
            # Of several timeouts the earliest wins first.
            first = min(actor.deadline for actor in able if actor.deadline is not None)
            able = [actor for actor in able if actor.deadline is None or actor.deadline == first]
        self.candidates = able
        try:
            chosen = strategy.choose(self)
        except Exception as error:
            # Raised again by `run`; here it would only end an actor.
            self._broken, chosen = error, None
        self._limit = 0 if self.natural else min(strategy.horizon, self.max_steps)
        if self.aborting:
            self._limit = -1
        assert chosen is None or isinstance(chosen, Actor)
        return chosen

    def _let_go_on(self, actor: Actor, reason: Reason) -> None:
        """Goes on with whom the strategy chooses; returns when it is this actor's turn again."""
        chosen = self._chosen(reason)
        if chosen is None:
            self._end("cut")
        elif chosen is actor:
            if actor.state == BLOCKED:
                self.stretches.append(Stretch(len(self.trace), actor, reason, actor))
                self._fire(actor)
            return
        else:
            self._give_baton(chosen, reason)
        self._park(actor)

    def _go_on_with_another(self, reason: Reason) -> None:
        """Goes on with whom the strategy chooses; the caller is no actor, or has ended."""
        chosen = self._chosen(reason)
        if chosen is None:
            self._end("cut")
        else:
            self._give_baton(chosen, reason)

    def _nobody_can_go_on(self) -> None:
        self._end("deadlock" if self._living else "complete")

    def _give_baton(self, actor: Actor, reason: Reason) -> None:
        """Lets an actor go on; the caller must not touch anything afterwards."""
        if not self.aborting:
            before = self.current
            yields = 0 if before is None else before.yields
            self.stretches.append(Stretch(len(self.trace), actor, reason, before, yields))
            if actor.state == BLOCKED:
                self._fire(actor)
        actor.state = READY
        self.current = actor
        self.ident = actor.worker.ident
        self._baton_out = True
        release_raw(actor.worker.gate)

    def _park(self, actor: Actor) -> None:
        """Waits for the baton."""
        acquire_raw(actor.worker.gate)
        if self.aborting:
            self._start_cleanup(actor)
            raise Unwind

    def _fire(self, actor: Actor) -> None:
        """Makes the timeout of an actor win, and moves the clock on."""
        assert actor.deadline is not None
        self.now = max(self.now, actor.deadline)
        self._timed -= 1
        actor.timed_out = True
        actor.state = READY

    def _end(self, ending: Ending) -> None:
        """Ends the run; actors that have not ended are unwound then."""
        self.ending = ending
        self._steps = len(self.trace)
        self.aborting = True
        self._hand_back()

    def _hand_back(self, idle: bool = False) -> None:
        """Returns the baton to the thread of the scheduler."""
        self.ident = 0
        self._baton_out = False
        self.idle = idle
        release_raw(self._done)

    def _me(self) -> Actor:
        """Returns the current actor, unless its run is over."""
        if self.aborting:
            raise Unwind
        assert self.current is not None
        return self.current
