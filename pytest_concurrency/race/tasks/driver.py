"""The driver of tasks: runs them from await to await, in the order that a strategy chooses.

The loop has one thread, in which all tasks run. It holds the baton of the scheduler of threads for
whichever task goes on, so that threads which tasks start are actors beside them: while one of those
can go on, the visible operations inside a task are decisions too, and until its step is over no
other task can go on.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import gc
import heapq
import inspect
import threading
import warnings
from bisect import insort
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

from pytest_concurrency.errors import message
from pytest_concurrency.patches import Patches
from pytest_concurrency.race.accesses import Access
from pytest_concurrency.race.actors import BLOCKED, DONE, READY, STRAY, Actor, Unwind
from pytest_concurrency.race.driver import Ending, Fault
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import value_of
from pytest_concurrency.race.tasks.actors import (
    Callbacks,
    OnLoop,
    Step,
    TaskActor,
    Timer,
    function_of,
    is_asyncios,
    name_of_coroutine,
)
from pytest_concurrency.race.tasks.awaits import Awaits
from pytest_concurrency.race.tasks.endings import end_tasks
from pytest_concurrency.race.tasks.loop import EventLoop
from pytest_concurrency.race.threads import Scheduler

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["TaskScheduler"]

_TICK = 0.001
_get_ident = _thread.get_ident


class TaskScheduler(Scheduler):
    """Runs coroutine functions as tasks under schedules; use it with `with`.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        loop: What the tasks run on.

    Attributes:
        faults: What went wrong in the last run without ending an actor that was given.
    """

    foresees_accesses = False

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps)
        self.loop = EventLoop() if loop is None else loop
        self.faults: list[Fault] = []
        self._awaits = Awaits(scope, self.points.table.owner_of)
        self._tasks: dict[int, TaskActor] = {}
        self._callbacks: dict[Actor, Callbacks] = {}
        # What asyncio has to do between two steps; no decision.
        self._glue: deque[asyncio.Handle] = deque()
        self._threads_of_run: list[Actor] = []
        self._in_step: OnLoop | None = None
        # The tasks that cannot go on until the step is over; None while nothing is held.
        self._held: list[OnLoop] | None = None
        self._timers = self._tickets = 0
        # Visible operations inside of tasks, and how many there were when the step began.
        self._reached = self._reached_before = 0
        self._loop_actor: Actor
        self._patches = Patches()
        self._owner = _get_ident()
        self._watching = False

    def __enter__(self) -> Self:
        super().__enter__()
        self.loop.open()
        # The first run shows whether there are threads, or a step without an end.
        self._watching = True
        warn = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]

        def note(coroutine: Any) -> None:
            if not self._note_unawaited(coroutine):
                warn(coroutine)

        self._patches.replace(warnings, "_warn_unawaited_coroutine", note)
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            super().__exit__(*exc_info)
        finally:
            self._tasks.clear()
            self._callbacks.clear()
            self.actors = []
            # What exceptions of the runs have kept alive ends while its warnings are ours.
            gc.collect()
            self._patches.undo()
            self.loop.close()

    def find_accesses(self, find: bool) -> None:
        """Finds out what the tasks touch, from now on or no more: only to know whether they share.

        Args:
            find: Whether to do so: it costs time.
        """
        super().find_accesses(find)
        self._watch(find)

    def _watch(self, watch: bool) -> None:
        """Watches what tasks do between awaits: beside threads that matters, else it costs time."""
        watch = watch or self.loop.must_watch
        if watch != self._watching:
            self._watching = watch
            (self.points.start if watch else self.points.stop)()

    # The life of a run.

    def _start_run(self, targets: Sequence[Callable[..., object]]) -> None:
        if self._runs > 1:
            self._watch(self._finds_accesses)
        self.faults = []
        self._tasks.clear()
        self._callbacks.clear()
        self._glue.clear()
        self._threads_of_run = []
        self._in_step = self._held = None
        self._timers = self._tickets = 0
        worker = self._next_worker()
        actor = Actor(-1, "loop", lambda: self._serve(targets), worker, self._thread_of(0), True)
        self._loop_actor = worker.actor = self.current = actor
        self._hand_over(actor)

    def _hand_over(self, actor: Actor) -> None:
        """Gives the baton to the thread of the loop, from the thread of the scheduler."""
        self.ident = actor.worker.ident
        self._baton_out = True
        actor.worker.gate.release()

    def _serve(self, targets: Sequence[Callable[..., object]]) -> None:
        """Runs the tasks until the run is over; in the thread of the loop."""
        with self.loop.running(self):
            try:
                with contextlib.suppress(Unwind):
                    self._make_tasks(targets)
                    self._go_on_with_another("start")
                    self._park(self._loop_actor)
                    while True:
                        self._take_turn()
            except Exception as error:
                self._broken = self._broken or error
                self.aborting = True
            if self._is_here:
                self._clean_up()

    @property
    def _is_here(self) -> bool:
        """Whether the thread of the loop has the baton, and was not given up."""
        return _get_ident() == self.ident

    def _make_tasks(self, targets: Sequence[Callable[..., object]]) -> None:
        for number, target in enumerate(targets):
            coroutine = self._coroutine(target)
            self.loop.create_task(coroutine, name=f"actor-{number}")

    def _coroutine(self, target: Callable[..., object]) -> Coroutine[Any, Any, object]:
        """Calls what was given; what it raises is raised in its task."""
        try:
            made: Any = target(*self._given)
        except Exception as error:
            return _raising(error)
        if asyncio.iscoroutine(made):
            return made
        if not inspect.isawaitable(made):
            self.break_off(
                TypeError(
                    message(
                        f"an actor of tasks() returned {made!r}, which cannot be awaited",
                        cause="is it a plain function?",
                        next_step="write `async def`, or give it to race.threads()",
                    )
                )
            )
            raise Unwind
        return _awaiting(made)

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

    def _run_glue(self) -> None:
        while self._glue:
            handle = self._glue.popleft()
            if not handle.cancelled():
                handle._run()

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

    def _clean_up(self) -> None:
        """Ends what is left on the loop, as `asyncio.run` does, but within bounds."""
        known, ending = len(self.actors), self.ending
        self.aborting = True
        self._held = None
        self._note_unretrieved()
        end_tasks(self, [actor for actor in self.actors if isinstance(actor, TaskActor)])
        if ending == "complete":
            self._note_unretrieved()
        for actor in self.actors:
            if isinstance(actor, OnLoop):
                actor.state = DONE
        for task in self._tasks.values():
            if task.task.done() and not task.task.cancelled():
                # Told already, or the doing of the unwinding.
                task.task.exception()
        # What was started while all was being ended belongs to no schedule.
        del self.actors[known:]
        self.current = self._loop_actor

    def _note_unretrieved(self) -> None:
        """Finds exceptions of tasks at which nobody has looked."""
        if self.ending != "complete":
            return
        for actor in self._tasks.values():
            task = actor.task
            if task.done() and not actor.given and getattr(task, "_log_traceback", False):
                error = task.exception()
                if not isinstance(error, Unwind):
                    self.note_fault(Fault("unretrieved", actor.path, error, actor.name))

    def _replace_abandoned(self) -> None:
        super()._replace_abandoned()
        if self._loop_actor.worker.abandoned:
            self.loop.abandon()
            self.loop = EventLoop()

    def unwind_ready(self) -> None:
        """Ends every actor that has begun and is parked, the tasks first."""
        if self._loop_actor.state != DONE and not self._loop_actor.worker.abandoned:
            self.current = self._loop_actor
            self._hand_over(self._loop_actor)
            self._watchdog.wait(self._patience)
        super().unwind_ready()

    def _ended(self, actor: Actor) -> None:
        if actor is not self._loop_actor:
            super()._ended(actor)
            return
        actor.state = DONE
        if actor.error is not None:
            self._broken = self._broken or RuntimeError("the event loop failed")
            self._broken.__cause__ = actor.error
        self._hand_back()

    def _end(self, ending: Ending) -> None:
        if not self._is_here or self.ident != self._loop_actor.worker.ident:
            super()._end(ending)
            return
        self.ending = ending
        self._steps = len(self.trace)
        self.aborting = True

    def _park(self, actor: Actor) -> None:
        if self.aborting and self._is_here and self.ident == self._loop_actor.worker.ident:
            # It keeps the baton, and cleans up.
            raise Unwind
        super()._park(actor)

    def break_off(self, error: Exception) -> None:
        """Ends the search with an error, because a run cannot be followed."""
        self._broken = error
        self.aborting = True

    # What the loop is given.

    def give_step(self, task: Any, step: Step) -> None:
        """Lets a task go on, when it is chosen."""
        actor = self._tasks.get(id(task))
        if actor is None:
            actor = self._new_task(task)
        actor.step = step
        self._ready(actor)

    def give_callback(self, handle: asyncio.Handle, callback: Any) -> None:
        """Has a callback called: asyncio's own at once, others when that is chosen."""
        here = _get_ident() == self._loop_actor.worker.ident
        if here and _is_glue(callback):
            self._glue.append(handle)
            return
        actor = self._callbacks_of(self._scheduling())
        actor.handles.append(handle)
        self._ready(actor)

    def give_timer(
        self,
        when: float,
        callback: Callable[..., object],
        arguments: tuple[object, ...],
        context: Any,
        *,
        sleeps: bool,
    ) -> Timer:
        """Has a callback called at a time, when that is chosen.

        Args:
            when: In virtual seconds.
            callback: What to call.
            arguments: With what.
            context: In which context.
            sleeps: Whether it does nothing but end an `asyncio.sleep`.
        """
        timer = Timer(when, callback, arguments, self.loop, context)
        timer._scheduled = True  # type: ignore[attr-defined]
        owner: OnLoop
        scheduling = self._scheduling()
        if sleeps and isinstance(scheduling, TaskActor):
            owner = scheduling
            scheduling.sleep = timer
        else:
            owner = waiter = self._callbacks_of(scheduling)
            self._timers += 1
            heapq.heappush(waiter.timers, (when, self._timers, timer))
            self._reschedule(waiter)
        timer.owner = owner
        return timer

    def forget_timer(self, handle: asyncio.TimerHandle) -> None:
        """Notes that a timer was cancelled."""
        if isinstance(handle, Timer):
            owner = handle.owner
            if isinstance(owner, TaskActor) and owner.sleep is handle:
                owner.sleep = None
            if not self.aborting:
                self._reschedule(owner)

    def _scheduling(self) -> Actor:
        """Returns the actor that is running, a task that was started eagerly included."""
        if _get_ident() == self._loop_actor.worker.ident:
            task = asyncio.current_task(self.loop)
            if task is not None:
                return self._tasks.get(id(task)) or self._new_task(task)
        assert self.current is not None
        return self.current

    def _new_task(self, task: asyncio.Task[Any]) -> TaskActor:
        # A new task may be the one that is running already, having been started eagerly.
        parent: Actor = self._loop_actor
        if self.current is not None:
            parent = self.current
        given = parent is self._loop_actor and not self.aborting
        path = self._new_path(parent, given)
        worker = self._loop_actor.worker
        actor = TaskActor(len(self.actors), path, worker, self._loop_actor.thread, task, given)
        self._tasks[id(task)] = actor
        self._enter_on_loop(actor)
        return actor

    def _new_path(self, parent: Actor, given: bool = False) -> str:
        parent.children += 1
        return str(len(self.actors)) if given else f"{parent.path}.{parent.children - 1}"

    def _enter_on_loop(self, actor: OnLoop) -> None:
        # It has not touched anything yet when it comes to its first step.
        actor.access = Access()
        if self._held is None:
            self._enter(actor)
            return
        self.actors.append(actor)
        self._held.append(actor)
        self._living += not actor.daemon

    def _callbacks_of(self, owner: Actor) -> Callbacks:
        found = self._callbacks.get(owner)
        if found is None:
            path = self._new_path(owner)
            worker, thread = self._loop_actor.worker, self._loop_actor.thread
            found = Callbacks(len(self.actors), path, worker, thread, owner)
            self._callbacks[owner] = found
            self._enter_on_loop(found)
        return found

    def _ready(self, actor: OnLoop) -> None:
        """Lets an actor of the loop go on, when it is chosen."""
        actor.woken = self.now
        self._tickets += 1
        actor.ticket = self._tickets
        if actor.state != BLOCKED or self.aborting:
            return
        actor.state = READY
        self._reschedule_timers_of(actor)
        if actor.deadline is not None:
            # It could be chosen already.
            actor.deadline = None
            if self._held is None or actor not in self._held:
                self._timed -= 1
        elif self._held is not None:
            self._held.append(actor)
        else:
            insort(self._able, actor, key=_index)

    def _reschedule_timers_of(self, owner: Actor) -> None:
        callbacks = self._callbacks.get(owner)
        if callbacks is not None:
            self._reschedule(callbacks)

    def _reschedule(self, actor: OnLoop) -> None:
        """Notes that the time at which an actor can go on has changed."""
        if actor.state != BLOCKED or actor is self._in_step:
            return
        due, before = actor.due, actor.deadline
        if due == before:
            return
        actor.deadline = actor.until = due
        holds = self._held is not None and (before is None or actor in self._held)
        able = self._held if holds else self._able
        assert able is not None
        if before is None:
            insort(able, actor, key=_index)
        elif due is None:
            able.remove(actor)
        if not holds:
            self._timed += (due is not None) - (before is not None)

    def look_at_clock(self, code: CodeType) -> float:
        """Returns the virtual time; it passes where the user's code looks."""
        if code in self.scope and self._is_here:
            self.now += _TICK
        return self.now

    # What goes wrong beside the actors that were given.

    def note_unhandled(self, context: dict[str, Any]) -> None:
        """Notes what asyncio gives to its exception handler."""
        if self.aborting and self.ending != "complete":
            return
        error = context.get("exception")
        if isinstance(error, Unwind):
            return
        path = "loop" if self.current is None else self.current.path
        about = str(context.get("message", "")).partition("\n")[0]
        self.note_fault(Fault("unhandled", path, error, about))

    def _note_unawaited(self, coroutine: Any) -> bool:
        """Notes a coroutine that nobody has awaited; tells whether it belongs to a run."""
        if not self._is_here:
            # What an exception of an earlier run has kept alive was told with that.
            return _get_ident() in (self._owner, self._loop_actor.worker.ident)
        if not self.aborting and self.current is not None:
            fault = Fault("unawaited", self.current.path, None, name_of_coroutine(coroutine))
            self.note_fault(fault, coroutine)
        return True

    def note_fault(self, fault: Fault, coroutine: Any = None) -> None:
        """Keeps what went wrong beside the actors that were given."""
        self.faults.append(fault)

    # Threads beside the tasks.

    def reach(self, operation: Operation) -> None:
        """Comes to a visible operation, which is a decision only beside threads."""
        if self.current is not None and self.current.worker is self._loop_actor.worker:
            # Up to its next await a task may do anything.
            self.current.access = None
        self._reached += 1
        if self._reached - self._reached_before > self.max_steps and self._is_in_step:
            # It goes round and round without an await.
            self.loop.must_watch = True
            self._end("endless")
            raise Unwind
        if self._threads_of_run or self.outside:
            if self._is_here and self.ident == self._loop_actor.worker.ident:
                if self.aborting or not any(map(self._is_able, self._threads_of_run)):
                    return
                self._hold()
            super().reach(operation)

    def _note_access(self, actor: Actor, operation: Operation, frame: FrameType) -> None:
        # What `asyncio.sleep` and the like do is to wait: they touch nothing of the user's.
        if operation.kind != "call" or not is_asyncios(value_of(operation.operand, frame)):
            super()._note_access(actor, operation, frame)

    @property
    def _is_in_step(self) -> bool:
        return self._in_step is not None and self._is_here and not self.aborting

    def _is_able(self, thread: Actor) -> bool:
        return thread in self._able

    def _add(
        self, path: str, target: Callable[[], object], thread: threading.Thread, daemon: bool
    ) -> Actor:
        if not self._watching:
            self.loop.must_watch = True
            self._watch(True)
            self.points.watch_at_once()
        self.loop.must_watch = True
        actor = super()._add(path, target, thread, daemon)
        self._threads_of_run.append(actor)
        return actor

    def operation(self) -> Operation | None:
        """Returns the operation of a thread; a step of a task is none that acquires a lock.

        Which locks the standard library takes during a step differs from Python to Python.
        """
        return None if isinstance(self.current, OnLoop) else super().operation()

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Blocks the current actor; a task that blocks its thread blocks the whole loop."""
        self._hold()
        return super().block(resource, deadline)

    def give_way(self) -> None:
        """Lets others go on first."""
        self._hold()
        super().give_way()

    def leave_outside(self, actor: Actor, where: str) -> bool:
        """Takes the baton from an actor that blocks outside, and all tasks with it if it is one."""
        self._hold()
        return super().leave_outside(actor, where)

    def _hold(self) -> None:
        """Keeps the other tasks from going on, because one is in the middle of a step."""
        step = self._in_step
        if step is None or self._held is not None or self.current is not step:
            return
        self._held = [a for a in self._able if isinstance(a, OnLoop) and a is not step]
        for actor in self._held:
            self._able.remove(actor)
            self._timed -= actor.deadline is not None

    def _let_go(self) -> None:
        held, self._held = self._held, None
        for actor in held or ():
            if actor.state not in (DONE, STRAY):
                insort(self._able, actor, key=_index)
                self._timed += actor.deadline is not None

    def _fire(self, actor: Actor) -> None:
        if not isinstance(actor, OnLoop) or actor is self._in_step:
            super()._fire(actor)
            return
        assert actor.deadline is not None
        self.now = max(self.now, actor.deadline)
        self._timed -= 1
        actor.deadline = None
        actor.timed_out = actor.fired = True
        actor.state = READY


def _index(actor: Actor) -> int:
    return actor.index


def _is_glue(callback: Any) -> bool:
    """Tells whether a callback is asyncio's own, which has nothing to say in a story."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.AbstractEventLoop):
        return True
    function = function_of(callback)
    if not isinstance(function, FunctionType) or not is_asyncios(function):
        return False
    return function.__name__.startswith("_") or "<locals>" in function.__qualname__


async def _raising(error: Exception) -> None:
    raise error


async def _awaiting(made: Any) -> object:
    return await made
