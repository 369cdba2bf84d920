"""Carries out a run of tasks and records every step of it, with values and with every await."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.actors import BLOCKED, Actor
from pytest_concurrency.race.driver import Fault
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import value_of
from pytest_concurrency.race.recorder import Recorder
from pytest_concurrency.race.recording import Record, Step, Unnoticed, Wait
from pytest_concurrency.race.tasks.actors import Callbacks, OnLoop, TaskActor, is_asyncios
from pytest_concurrency.race.tasks.awaited import awaited_by, place_of
from pytest_concurrency.race.tasks.awaits import frames_of, statement_of
from pytest_concurrency.race.tasks.driver import TaskScheduler

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["TaskRecorder"]

_ORIGIN_DEPTH = 8


class TaskRecorder(Recorder, TaskScheduler):
    """A scheduler of tasks that records the steps of its runs."""

    def __init__(self, scope: Scope, max_steps: int = 20_000, **options: Any) -> None:
        super().__init__(scope, max_steps, **options)
        self._unnoticed: list[Unnoticed] = []
        self._unfinished_tasks: tuple[str, ...] = ()
        self._lock_holders: dict[int, tuple[object, Actor]] = {}
        # What an actor waits for, until it goes on.
        self._waiting_in: dict[Actor, str] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self._watch(True)
        self._patch_locks()
        return self

    def _watch(self, watch: bool) -> None:
        super()._watch(True)

    @property
    def record(self) -> Record:
        """What was recorded of the last run."""
        made = super().record
        return made._replace(
            unnoticed=tuple(self._unnoticed),
            unfinished=self._unfinished_tasks,
            unread=tuple(map(self._unnoticed_of, self._unread_futures())),
        )

    def clear(self) -> None:
        """Forgets the run before."""
        super().clear()
        self._unnoticed = []
        self._unfinished_tasks = ()
        self._lock_holders.clear()
        self._waiting_in.clear()

    def _serve(self, targets: Sequence[Callable[..., object]]) -> None:
        sys.set_coroutine_origin_tracking_depth(_ORIGIN_DEPTH)
        try:
            super()._serve(targets)
        finally:
            sys.set_coroutine_origin_tracking_depth(0)

    # Awaits.

    def _came_to(self, actor: OnLoop, operation: Operation) -> None:
        self._finish(actor)
        if operation.kind == "begin" or operation.code not in self.scope:
            return
        if operation.kind == "await" or not isinstance(actor, TaskActor):
            self.steps.append(Step(actor.path, operation))
            return
        label = self._quietly(lambda: self._awaited_label(actor)) or "something"
        self._waiting_in[actor] = label
        self.steps.append(Step(actor.path, operation, label, locks="waits"))

    def _goes_on(self, actor: OnLoop) -> None:
        label = self._waiting_in.pop(actor, "")
        if not isinstance(actor, TaskActor) or not actor.begun:
            return
        number = self._last_of(actor)
        if number is None:
            return
        step = self.steps[number]
        if _is_cancelled(actor):
            # It is raised at the await at which the task stands.
            self.steps[number] = step._replace(raised="CancelledError")
        elif step.locks == "waits" and label.endswith(")"):
            self.steps.append(step._replace(locks="takes"))

    def _task_ended(self, actor: TaskActor) -> None:
        self._finish(actor)
        if actor.error is not None:
            self._note_error(actor)

    def _clean_up(self) -> None:
        self._unfinished_tasks = tuple(
            actor.path
            for actor in self.actors
            if isinstance(actor, TaskActor) and not actor.given and not actor.is_done
        )
        super()._clean_up()

    def note_fault(self, fault: Fault, coroutine: Any = None) -> None:
        """Keeps what went wrong beside the given actors, and where it comes from."""
        super().note_fault(fault, coroutine)
        self._unnoticed.append(self._unnoticed_of(fault, coroutine))

    def _unnoticed_of(self, fault: Fault, coroutine: Any = None) -> Unnoticed:
        filename, line = "", 0
        for name, number, _ in getattr(coroutine, "cr_origin", None) or ():
            if self.scope._is_users(name):
                filename, line = name, number
                break
        if fault.error is not None:
            for frame, number in traceback.walk_tb(fault.error.__traceback__):
                if frame.f_code in self.scope:
                    filename = frame.f_code.co_filename
                    line = statement_of(frame.f_code, number)
        text = "" if fault.error is None else _text_of(fault.error)
        return Unnoticed(fault.kind, fault.actor, fault.about, text, filename, line)

    def _begin(self, actor: Actor, operation: Operation, frame: FrameType, entered: Any) -> None:
        if operation.kind == "call" and is_asyncios(value_of(operation.operand, frame)):
            # Such as `asyncio.sleep`: its await tells more.
            return
        super()._begin(actor, operation, frame, entered)

    # Who waits for what.

    def _waits(self, actor: Actor) -> bool:
        if isinstance(actor, Callbacks):
            return False
        return actor.state == BLOCKED

    def _wait_of(self, actor: Actor) -> Wait:
        if not isinstance(actor, TaskActor) or actor is self._in_step:
            return super()._wait_of(actor)
        awaited = awaited_by(actor.task)
        label = self._quietly(lambda: self._awaited_label(actor)) or "something"
        holder, since = "", 0
        known = self._lock_holders.get(id(awaited.resource))
        if known is not None:
            holder, since = known[1].path, self._held_since.get(id(awaited.resource), 0)
        for task in awaited.tasks:
            other = self._tasks.get(id(task))
            holder = holder or (other.path if other else "")
        operation = actor.pending
        filename = operation.code.co_filename if operation else ""
        return Wait(actor.path, label, filename, operation.line if operation else 0, holder, since)

    def _awaited_label(self, actor: TaskActor) -> str:
        awaited = awaited_by(actor.task)
        if awaited.tasks:
            others = (self._tasks.get(id(task)) for task in awaited.tasks)
            paths = [other.path for other in others if other is not None]
            if paths:
                several = "s" if paths[1:] else ""
                return f"the end of actor{several} {' and '.join(paths)}"
        if awaited.resource is None:
            return f"{awaited.call}()"
        frames = [each for each in frames_of(actor.task.get_coro()) if each.f_code in self.scope]
        label = self._label_of(awaited.resource, frames[::-1])
        return f"{label}.{awaited.call}()" if awaited.call else label

    def _label_of(self, resource: object, frames: Sequence[FrameType]) -> str:
        known = self._observer.labels.of_resource(resource)
        if not known:
            known = place_of(resource, frames, self._observer.labels.of)
            if not known:
                return self._observer.labels.of(resource)
            self._observer.labels.keep(resource, known)
        return known

    # Locks, which do not know who holds them.

    def _patch_locks(self) -> None:
        recorder = self
        real_acquire, real_release = asyncio.Lock.acquire, asyncio.Lock.release

        async def acquire(self: asyncio.Lock) -> Any:
            taken = await real_acquire(self)
            recorder._note_lock(self, "takes", sys._getframe(1))
            return taken

        def release(self: asyncio.Lock) -> None:
            recorder._note_lock(self, "releases", sys._getframe(1))
            real_release(self)

        self._patches.replace(asyncio.Lock, "acquire", acquire)
        self._patches.replace(asyncio.Lock, "release", release)

    def _note_lock(self, lock: asyncio.Lock, what: str, frame: FrameType | None) -> None:
        actor = self.current
        if not self._is_here or self.aborting or not isinstance(actor, OnLoop):
            return
        if what == "releases" and self._lock_holders.pop(id(lock), None) is None:
            return
        frames = []
        while frame is not None:
            if frame.f_code in self.scope:
                frames.append(frame)
            frame = frame.f_back
        if what == "takes":
            self._lock_holders[id(lock)] = lock, actor
        if not frames:
            return
        self._finish(actor)
        code, label = frames[0].f_code, ""
        with contextlib.suppress(Exception):
            label = self._label_of(lock, frames)
        line = statement_of(code, frames[0].f_lineno)
        operation = Operation(
            "enter" if what == "takes" else "exit",
            "",
            label,
            code,
            frames[0].f_lasti,
            line,
        )
        if what == "takes":
            self._held_since[id(lock)] = line
        self.steps.append(Step(actor.path, operation, label or "Lock", locks=what))


def _is_cancelled(actor: TaskActor) -> bool:
    """Tells whether a cancellation is what a task is about to meet."""
    if getattr(actor.task, "_must_cancel", False):
        return True
    arguments = () if actor.step is None else actor.step[1]
    return any(asyncio.isfuture(each) and each.cancelled() for each in arguments)


def _text_of(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
