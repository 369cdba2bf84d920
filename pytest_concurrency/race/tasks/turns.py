"""The turns of the actors of the loop: each goes on from one await to the next."""

from __future__ import annotations

from typing import Any

from pytest_concurrency.race.actors import BLOCKED, DONE, Unwind
from pytest_concurrency.race.driver import Fault
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.tasks.actors import OnLoop, TaskActor
from pytest_concurrency.race.tasks.awaits import Awaits
from pytest_concurrency.race.tasks.faults import NotingFaults
from pytest_concurrency.race.tasks.loop import EventLoop

__all__ = ["Turns"]


class Turns(NotingFaults):
    """Lets the chosen task go on, and sees where it stands then; the arguments are `Inbox`'s."""

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps, loop)
        self._awaits = Awaits(scope, self.points.table.owner_of)

    def _take_turn(self) -> None:
        """Lets the task that was chosen go on up to its next await."""
        actor = self.current
        assert isinstance(actor, OnLoop)
        if not actor.begun:
            actor.begun = True
            self._come_to(actor, actor.first_place(self._awaits))
            return
        self._do_step(actor)
        if actor.is_done:
            self._end_task(actor)
        elif actor.is_ready:
            self._come_to(actor, actor.place(self._awaits))
        else:
            self._suspend(actor)

    def _do_step(self, actor: OnLoop) -> None:
        self._in_step = actor
        self._reached_before = self._reached
        self._goes_on(actor)
        try:
            if actor.fired:
                actor.fired = False
                actor.fire()
                self._run_glue()
            actor.run()
        except (SystemExit, KeyboardInterrupt) as error:
            if not actor.is_done:
                self.note_fault(Fault("unhandled", actor.path, error, "a callback ended so"))
        finally:
            self._in_step = None
        if self.aborting or not self._is_here:
            # The run is over, or this thread was given up meanwhile.
            raise Unwind
        self._run_glue()
        if self._held is not None:
            self._let_go()

    def _goes_on(self, actor: OnLoop) -> None:
        """Notes that a step begins; for subclasses."""

    def _came_to(self, actor: OnLoop, operation: Operation) -> None:
        """Notes where an actor stands that has done a step; for subclasses."""

    def _come_to(self, actor: OnLoop, operation: Operation) -> None:
        """Makes a decision before a task goes on that can go on, if one is due."""
        trace = self.trace
        trace.append(operation)
        self._came_to(actor, operation)
        polls = actor.pending is operation and actor.turn == len(self.stretches)
        actor.spins = actor.spins + 1 if polls else 0
        actor.turn = len(self.stretches)
        actor.pending = operation
        actor.access = None
        if len(trace) >= self._limit:
            self._go_on_unless_too_long()
            self._let_go_on(actor, "reach")
        if actor.polls and self.current is actor:
            self._reschedule_timers_of(actor)
            self.give_way()

    def _go_on_unless_too_long(self) -> None:
        if self._back:
            self._take_back()
        if len(self.trace) >= self.max_steps:
            self._end("endless")
        if self.aborting:
            raise Unwind

    def _suspend(self, actor: OnLoop) -> None:
        """Lets others go on until a task is woken."""
        operation = actor.place(self._awaits)
        self.trace.append(operation)
        self._came_to(actor, operation)
        actor.pending = operation
        actor.access = None
        actor.spins = 0
        self._go_on_unless_too_long()
        actor.state = BLOCKED
        actor.timed_out = False
        self._reschedule_timers_of(actor)
        due = actor.deadline = actor.until = actor.due
        if due is None:
            self._able.remove(actor)
        else:
            self._timed += 1
            self._strategy.yielded(actor)
        self._pass_on(actor, "block")

    def _pass_on(self, actor: OnLoop, reason: Any) -> None:
        """Goes on with another task or thread, or ends the run."""
        if self._able:
            self._go_on_with_another(reason)
        else:
            self._nobody_can_go_on()
        self._park(actor)

    def _end_task(self, actor: OnLoop) -> None:
        actor.state = DONE
        self._able.remove(actor)
        self._living -= not actor.daemon
        self._reschedule_timers_of(actor)
        assert isinstance(actor, TaskActor)
        task = actor.task
        if actor.given and not task.cancelled():
            error = task.exception()
            actor.error = None if isinstance(error, Unwind) else error
        self._task_ended(actor)
        if self._back:
            self._take_back()
        if not self._living and not self.outside:
            self._end("complete")
            raise Unwind
        self._pass_on(actor, "end")

    def _task_ended(self, actor: TaskActor) -> None:
        """Notes the end of a task; for subclasses."""
