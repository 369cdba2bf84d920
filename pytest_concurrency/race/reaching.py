"""Visible operations: what happens when an actor comes to one."""

from __future__ import annotations

import _thread
import sys
from types import FrameType

from pytest_concurrency.race.accesses import Access, Entered
from pytest_concurrency.race.actors import Actor, Unwind
from pytest_concurrency.race.looks import Looks
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.entries import enters_python
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import value_of
from pytest_concurrency.race.waiting import Waiting

__all__ = ["Reaching"]

_get_ident = _thread.get_ident


class Reaching(Waiting):
    """Makes a decision before a visible operation, and finds out what that touches.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        natural: Decide only where this interpreter itself could switch threads.

    Attributes:
        accesses: What the operations of the last run touched, if that is to be found out.
        kept: What they touched itself, so that nothing else gets its `id` while the run lasts; None
            to keep nothing, since that would put off finalisers.
    """

    def __init__(self, scope: Scope, max_steps: int, natural: bool) -> None:
        super().__init__(max_steps, natural)
        self.scope = scope
        self.points = points_for(scope, self._reach_naturally if natural else self.reach, natural)
        self.kept: list[object] | None = None
        self._is_natural = True
        self._entered = Entered()
        self._looks = Looks()
        self._finds_accesses = False

    def _forget_run(self) -> None:
        super()._forget_run()
        self.accesses: list[tuple[Actor, Access]] = []

    def reach(self, operation: Operation) -> None:
        """Comes to a visible operation: makes a decision, if one is due."""
        if _get_ident() != self.ident:
            if self.outside:
                self.rejoin()
            return
        trace = self.trace
        trace.append(operation)
        if len(trace) >= self._limit:
            self._decide(operation)

    def find_accesses(self, find: bool) -> None:
        """Finds out what each operation touches before it is decided upon, from now on or no more.

        Args:
            find: Whether to do so: it costs time.
        """
        if self.natural:
            return
        self._finds_accesses = find
        self.points.call(self._reach_with_access if find else self.reach)

    def _reach_with_access(self, operation: Operation) -> None:
        """Comes to a visible operation and says what it touches."""
        actor = self.current
        if _get_ident() == self.ident and actor is not None:
            self._note_access(actor, operation, sys._getframe(2))
        self.reach(operation)

    def _note_access(self, actor: Actor, operation: Operation, frame: FrameType) -> None:
        """Finds out what an operation touches that an actor has come to."""
        any_name = self.points.table.any_name
        access = self._entered.access_of(actor, operation, frame, any_name)
        if not access.anything and self._looks.may_follow(frame, self.scope):
            access = access._replace(anything="reads")
        actor.access = access
        self.accesses.append((actor, access))
        if self.kept is not None:
            self.kept.append(value_of(operation.operand, frame))

    def _reach_naturally(self, operation: Operation) -> None:
        """Comes to a visible operation, and decides only if threads could switch there."""
        if _get_ident() == self.ident:
            frame = sys._getframe(2)
            passed = self.points.passed_switch()
            self._is_natural = passed or enters_python(operation, frame)
        self.reach(operation)

    def operation(self) -> Operation | None:
        """Returns the visible operation that the current actor is doing."""
        if len(self.trace) > self.stretches[-1].start:
            return self.trace[-1]
        return self.current.pending if self.current else None

    def failed_to_take(self, frame: FrameType) -> None:
        """Lets others go on first, if it was the user's code that tried in vain.

        Args:
            frame: Who tried. The standard library tries where it expects to fail.
        """
        if frame.f_code in self.scope:
            self.give_way()

    def _decide(self, operation: Operation) -> None:
        """Lets the strategy choose who goes on before an operation of the current actor."""
        actor = self.current
        assert actor is not None
        if self.aborting:
            self._stop(actor, operation)
            return
        if self._back:
            self._take_back()
        actor.pending = operation
        try:
            if len(self.trace) >= self.max_steps:
                self._end("endless")
                self._park(actor)
            if self._is_natural:
                self._let_go_on(actor, "reach")
        except Unwind:
            if operation.kind != "enter":
                raise
            # Only what has been entered is closed on the way out: it ends at what comes next.
            actor.unwinding = False
