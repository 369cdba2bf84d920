"""Carries out a run and records every step of it, with values: what a story is told from.

Values cost time, so only the replay of a finding is recorded.
"""

from __future__ import annotations

import _thread
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

from pytest_concurrency.race.actors import BLOCKED, Actor
from pytest_concurrency.race.driver import Ending
from pytest_concurrency.race.labels import Labels
from pytest_concurrency.race.observer import NOTHING, Observer
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import UNKNOWN
from pytest_concurrency.race.recording import Crash, Record, Step, Wait
from pytest_concurrency.race.threads import Scheduler

__all__ = ["Recorder"]

_get_ident = _thread.get_ident


class Recorder(Scheduler):
    """A scheduler that records the steps of its runs.

    Attributes:
        steps: What was carried out in the last run, in that order.
        waits: Who waited for what at the end, if it was a deadlock.
    """

    def __init__(self, scope: Scope, max_steps: int = 20_000, **options: Any) -> None:
        super().__init__(scope, max_steps, **options)
        self.points.call(self._record)
        self.steps: list[Step] = []
        self.waits: list[Wait] = []
        self._observer = Observer(Labels())
        self._unfinished: dict[Actor, tuple[int, Callable[[], Any]]] = {}
        self._held_since: dict[int, int] = {}

    @property
    def record(self) -> Record:
        """What was recorded of the last run."""
        crashes = tuple(
            self._crash_of(actor, actor.error) for actor in self.actors if actor.error is not None
        )
        return Record(tuple(self.steps), tuple(self.waits), crashes, self.ending == "endless")

    def clear(self) -> None:
        """Forgets the run before; called before each run."""
        self.steps = []
        self.waits = []
        self._observer = Observer(Labels())
        self._unfinished.clear()
        self._held_since.clear()

    def _record(self, operation: Operation) -> None:
        """Records what the actor has just done, and what it does next when it goes on."""
        if _get_ident() != self.ident or self.aborting or self.current is None:
            self.reach(operation)
            return
        actor, frame = self.current, sys._getframe(2)
        self._finish(actor)
        entered = UNKNOWN
        if operation.kind in ("enter", "exit"):
            entered = self._entered.note(actor, operation, frame)
        self.reach(operation)
        self._begin(actor, operation, frame, entered)

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Records that the current actor waits, and what comes of it."""
        actor = self.current
        number = None if actor is None or self.aborting else self._last_of(actor)
        if actor is None or number is None or not _is_running(self.steps[number].operation):
            return super().block(resource, deadline)
        step = self.steps[number]
        label = self._observer.wait_label(step.operation, step.label, resource)
        self.steps[number] = step._replace(label=label, locks="waits", before="", after="")
        woken = super().block(resource, deadline)
        if not woken:
            self.steps.append(step._replace(label=label, locks="gives up"))
        elif step.locks == "takes":
            self._held_since[id(resource)] = step.operation.line
            self.steps.append(step._replace(label=label))
        return woken

    def _ended(self, actor: Actor) -> None:
        if not self.aborting:
            self._finish(actor)
            if actor.error is not None:
                self._note_error(actor)
        super()._ended(actor)

    def _end(self, ending: Ending) -> None:
        for actor in self.actors:
            self._finish(actor)
        if ending == "deadlock":
            self.waits = [self._wait_of(actor) for actor in self.actors if self._waits(actor)]
        super()._end(ending)

    def _waits(self, actor: Actor) -> bool:
        """Tells whether an actor is one of those that wait for ever, at the end of a run."""
        return actor.state == BLOCKED

    def _begin(self, actor: Actor, operation: Operation, frame: FrameType, entered: Any) -> None:
        observed = self._quietly(lambda: self._observer.observe(operation, frame, entered))
        label, before, look, subject = observed or NOTHING
        locks = self._observer.lock_word(operation, subject)
        if locks == "takes" and self.primitives.holder_of(subject) in (None, actor):
            self._held_since[id(subject)] = operation.line
        self.steps.append(
            Step(
                actor.path,
                operation,
                label,
                "" if locks else before,
                "",
                operation.writes,
                locks,
                "",
            )
        )
        if look is not None and not locks and operation.writes:
            self._unfinished[actor] = (len(self.steps) - 1, look)

    def _finish(self, actor: Actor) -> None:
        """Completes the last step of an actor with the value that is there now."""
        unfinished = self._unfinished.pop(actor, None)
        if unfinished is None:
            return
        number, look = unfinished
        after = self._quietly(look)
        if after is not None and after is not UNKNOWN:
            text = self._quietly(lambda: self._observer.labels.text_of(after)) or ""
            self.steps[number] = self.steps[number]._replace(after=text)

    def _last_of(self, actor: Actor) -> int | None:
        """Returns the number of the last step of an actor."""
        numbers = range(len(self.steps) - 1, -1, -1)
        return next((n for n in numbers if self.steps[n].actor == actor.path), None)

    def _note_error(self, actor: Actor) -> None:
        error = actor.error
        # Not where its `with` blocks were left on the way.
        numbers = [
            number
            for number, step in enumerate(self.steps)
            if step.actor == actor.path and step.operation.kind != "exit"
        ]
        for number in numbers[-1:]:
            text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self.steps[number] = self.steps[number]._replace(raised=text)

    def _quietly(self, look: Callable[[], Any]) -> Any:
        """Looks at values without coming to visible operations; None if that fails."""
        ident, self.ident = self.ident, 0
        try:
            return look()
        except Exception:
            # A class of the user's need not be able to tell what it looks like half-way.
            return None
        finally:
            self.ident = ident

    def _crash_of(self, actor: Actor, error: BaseException) -> Crash:
        """Finds the innermost line of the user's code in the traceback."""
        filename, line = "", 0
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code in self.scope:
                filename, line = frame.f_code.co_filename, number
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Crash(actor.path, text, filename, line)

    def _wait_of(self, actor: Actor) -> Wait:
        number, resource = self._last_of(actor), actor.waits_for
        step = None if number is None else self.steps[number]
        label = self._observer.labels.of_resource(resource)
        # What nobody has seen is a lock inside of a Condition or a queue, and held by who waits.
        holder = self.primitives.holder_of(resource) if label else None
        if not label and step is not None:
            label = step.label
        return Wait(
            actor.path,
            label or "something",
            step.operation.code.co_filename if step else "",
            step.operation.line if step else 0,
            holder.path if holder else resource.path if isinstance(resource, Actor) else "",
            self._held_since.get(id(resource), 0) if holder else 0,
        )


def _is_running(operation: Operation) -> bool:
    """Tells whether the function of an operation is still running in this thread.

    If not, it is not what blocks: a thread of a pool blocks when it has done its work.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is operation.code:
            return True
        frame = frame.f_back
    return False
