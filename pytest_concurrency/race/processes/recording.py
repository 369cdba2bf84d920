"""Records, in a worker process, the steps of its actors, with values, for a story.

The steps are sent with every turn that is given back, so that those of a process that dies are
known as well.
"""

from __future__ import annotations

import _thread
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing import queues
from types import CodeType, FrameType
from typing import Any

from pytest_concurrency.race.accesses import Entered
from pytest_concurrency.race.actors import Actor, Unwind
from pytest_concurrency.race.observer import NOTHING
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.values import UNKNOWN
from pytest_concurrency.race.primitives.locks import LOCK, RLOCK
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.files import content_of, file_label, path_announced
from pytest_concurrency.race.processes.memory import SharedObserver
from pytest_concurrency.race.processes.pipes import CONNECTION
from pytest_concurrency.race.processes.shared import SharedLabels
from pytest_concurrency.race.processes.turns import END, Turns
from pytest_concurrency.race.recording import ROOM

__all__ = ["RecordingTurns"]

_get_ident = _thread.get_ident

# A step as it is sent: who, the number of the operation, the label, what was there before and
# afterwards, what is done with a lock, and the exception it ended with.
_Sent = list[Any]
_ACTOR, _NUMBER, _LABEL, _BEFORE, _AFTER, _LOCKS, _RAISED = range(7)


# The lock that is waited for in there is one that nobody is meant to hold.
_CONDITION_WAIT = threading.Condition.wait.__code__
_FEED: CodeType = queues.Queue._feed.__code__  # type: ignore[attr-defined]


class RecordingTurns(Turns):
    """Turns of which every step is recorded, in the runs for which the scheduler asks.

    Attributes:
        records: Whether this run is recorded.
        held_by: Tells which keys an actor holds, and the line on which it took each.
        holder_of: Tells which actor of this process holds something of this process alone.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.held_by: Callable[[Actor], list[tuple[int, int]]] = lambda actor: []
        self.holder_of: Callable[[object], Actor | None] = lambda resource: None
        self.records = False
        self._observer = SharedObserver(SharedLabels((), self.number))
        self._entered = Entered()
        self._steps: dict[int, _Sent] = {}
        self._unsent: set[int] = set()
        self._last: dict[Actor, int] = {}
        self._unfinished: dict[Actor, Callable[[], Any]] = {}
        self._overwrites: set[Actor] = set()
        self._hears = False

    def prepare(self, given: tuple[Any, ...]) -> None:
        """Prepares for a run on a state."""
        records = bool(self._words[at.RECORDS])
        if records != self.records:
            self.records = records
            self.points.call(self._record if records else self.reach)
            # What `block_on` looks at.
            self._last.clear()
        if records:
            if not self._hears:
                # It cannot be taken away again, and costs time.
                self._hears = True
                sys.addaudithook(self._hear)
            self._steps.clear()
            self._unsent.clear()
            self._last.clear()
            self._unfinished.clear()
            self._overwrites.clear()
            self._entered.clear()
            self._observer = SharedObserver(SharedLabels(given, self.number))

    def block_on(self, key: int, deadline: float | None = None, resource: object = None) -> bool:
        """Blocks the current actor, and records that it waits, and what comes of it."""
        actor = self.current
        event = self._last.get(actor) if actor is not None else None
        if actor is None or self._words[at.ABORTING]:
            return super().block_on(key, deadline, resource)
        if event is None or (self.is_ending and actor.index == self.number):
            return self._block_unseen(actor, key, deadline, resource)
        step = self._steps[event]
        again = [*step]
        operation = self.operation()
        assert operation is not None
        step[_LABEL] = self._observer.wait_label(operation, step[_LABEL], resource)
        step[_LOCKS], step[_BEFORE], step[_AFTER] = "waits", "", ""
        self._unsent.add(event)
        try:
            woken = super().block_on(key, deadline, resource)
        except Unwind:
            self._tell_wait(actor, step[_LABEL], step[_NUMBER], key, resource)
            raise
        again[_LABEL] = step[_LABEL]
        if not woken:
            again[_LOCKS] = "gives up"
        if not woken or again[_LOCKS] == "takes":
            self._add(actor, again)
        return woken

    def tell_crash(self, actor: Actor, scope_of: Callable[[Any], bool]) -> None:
        """Tells with what, and on which line of the user's, an actor has ended."""
        error, event = actor.error, self._last.get(actor)
        if error is None or not self.records:
            return
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        filename, line = "", 0
        for frame, number in traceback.walk_tb(error.__traceback__):
            if scope_of(frame.f_code):
                filename, line = frame.f_code.co_filename, number
        if event is not None:
            self._finish(actor)
            self._steps[event][_RAISED] = text
            self._unsent.add(event)
        self.tell("crash", actor.index, text, filename, line)

    def _record(self, operation: Operation) -> None:
        """Records what the actor has just done, and what it does next when it goes on."""
        actor = self.current
        if _get_ident() != self.ident or self._words[at.ABORTING] or actor is None:
            self.reach(operation)
            return
        frame = sys._getframe(2)
        self._finish(actor)
        entered = UNKNOWN
        if operation.kind in ("enter", "exit"):
            entered = self._entered.note(actor, operation, frame)
        self.reach(operation)
        self._begin(actor, operation, frame, entered)
        # At once: the process may not live to give the turn back.
        self._tell_steps()

    def _begin(self, actor: Actor, operation: Operation, frame: FrameType, entered: Any) -> None:
        observer = self._observer
        observed = self._quietly(lambda: observer.observe(operation, frame, entered)) or NOTHING
        locks = observer.lock_word(operation, observed.subject)
        before = "" if locks else observed.value
        number = self._known[operation]
        self._add(actor, [actor.index, number, observed.label, before, "", locks, ""])
        if observed.look is not None and not locks and operation.writes:
            self._unfinished[actor] = observed.look

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Hears what the current actor is about to do to a file."""
        if not self.records or _get_ident() != self.ident or self._words[at.ABORTING]:
            return
        announced = path_announced(event, args)
        actor = self.current
        step = None if actor is None else self._steps.get(self._last.get(actor, -1))
        if announced is None or actor is None or step is None or step[_LOCKS]:
            return
        path, changes = announced
        label = file_label(path)
        if step[_LABEL] == label:
            return
        step[_LABEL], step[_BEFORE] = label, ""
        self._unsent.add(self._last[actor])
        operation = self.operation()
        if not changes and operation is not None and operation.name == "open":
            # It will be read later.
            self._unfinished.pop(actor, None)
            return
        step[_BEFORE] = self._quietly(lambda: self._observer.labels.text_of(content_of(path)))
        self._unfinished[actor] = partial(content_of, path)
        if changes:
            self._overwrites.add(actor)

    def _finish(self, actor: Actor) -> None:
        """Completes the last step of an actor with the value that is there now."""
        look = self._unfinished.pop(actor, None)
        after = None if look is None else self._quietly(look)
        if after is None or after is UNKNOWN:
            return
        event = self._last[actor]
        step = self._steps[event]
        step[_AFTER] = self._quietly(lambda: self._observer.labels.text_of(after))
        if actor in self._overwrites and step[_BEFORE] == step[_AFTER]:
            # It wrote what was there already; a step that has both and alike only looked.
            step[_BEFORE] = ""
        self._overwrites.discard(actor)
        self._unsent.add(event)

    def _add(self, actor: Actor, step: _Sent) -> None:
        event: int = self._words[at.EVENTS]
        self._words[at.EVENTS] = event + 1
        self._steps[event] = step
        self._last[actor] = event
        self._unsent.add(event)

    def _give_back(self, actor: Actor, why: int) -> None:
        if self.records and not self._words[at.ABORTING]:
            if why == END:
                self._finish(actor)
            if self._unsent:
                self._tell_steps()
        super()._give_back(actor, why)

    def _tell_steps(self) -> None:
        self.tell("steps", {event: self._steps[event] for event in self._unsent})
        self._unsent.clear()

    def _block_unseen(
        self, actor: Actor, key: int, deadline: float | None, resource: object
    ) -> bool:
        """Blocks an actor that is in no code of the user's: a feeder, or a process that ends."""
        try:
            return super().block_on(key, deadline, resource)
        except Unwind:
            label = self._observer.labels.of_resource(resource)
            if isinstance(resource, CONNECTION):
                label = f"{ROOM}{label}"
            self._tell_wait(actor, label, -1, key, resource)
            raise

    def _tell_wait(self, actor: Actor, label: str, number: int, key: int, resource: object) -> None:
        """Tells for what an actor waits in vain, and what it holds."""
        holder = None
        if isinstance(resource, Actor):
            holder = resource.index
        elif not key and self._observer.labels.of_resource(resource):
            local = self.holder_of(resource)
            holder = None if local is None else local.index
        is_lock = not key and holder is None and isinstance(resource, (LOCK, RLOCK))
        is_orphan = is_lock and not _is_called_by(_CONDITION_WAIT)
        if not label and _is_called_by(_FEED):
            label = "another item to write into the pipe of its queue"
        self.tell("wait", actor.index, label, number, key, holder, is_orphan)
        self.tell("held", actor.index, self.held_by(actor))

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


def _is_called_by(code: CodeType) -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None
