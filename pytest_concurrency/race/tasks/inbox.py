"""What the loop is given: steps, callbacks and timers, and whose they are.

Each belongs to an actor of the loop, which can go on when it has been given one.
"""

from __future__ import annotations

import _thread
import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from pytest_concurrency.race.accesses import Access
from pytest_concurrency.race.actors import BLOCKED, READY, Actor, put_in_order
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.tasks.actors import (
    Callbacks,
    OnLoop,
    Step,
    TaskActor,
    Timer,
    function_of,
    is_asyncios,
)
from pytest_concurrency.race.tasks.loop import EventLoop
from pytest_concurrency.race.threads import Scheduler

__all__ = ["Inbox"]

_TICK = 0.001
_get_ident = _thread.get_ident


class Inbox(Scheduler):
    """Keeps what the loop is given for the actors whose it is, and lets them go on.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        loop: What the tasks run on.
    """

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps)
        self.loop = EventLoop() if loop is None else loop
        self._loop_actor: Actor

    def _forget_run(self) -> None:
        super()._forget_run()
        self._tasks: dict[int, TaskActor] = {}
        self._callbacks: dict[Actor, Callbacks] = {}
        # What asyncio has to do between two steps; no decision.
        self._glue: deque[asyncio.Handle] = deque()
        self._in_step: OnLoop | None = None
        # The tasks that cannot go on until the step is over; None while nothing is held.
        self._held: list[Actor] | None = None
        self._timers = self._tickets = 0

    @property
    def _is_here(self) -> bool:
        """Whether the thread of the loop has the baton, and was not given up."""
        return _get_ident() == self.ident

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

    def look_at_clock(self, code: CodeType) -> float:
        """Returns the virtual time; it passes where the user's code looks."""
        if code in self.scope and self._is_here:
            self.now += _TICK
        return self.now

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
            put_in_order(actor, self._able)

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
            put_in_order(actor, able)
        elif due is None:
            able.remove(actor)
        if not holds:
            self._timed += (due is not None) - (before is not None)

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

    def _run_glue(self) -> None:
        while self._glue:
            handle = self._glue.popleft()
            if not handle.cancelled():
                handle._run()


def _is_glue(callback: Any) -> bool:
    """Tells whether a callback is asyncio's own, which has nothing to say in a story."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.AbstractEventLoop):
        return True
    function = function_of(callback)
    if not isinstance(function, FunctionType) or not is_asyncios(function):
        return False
    return function.__name__.startswith("_") or "<locals>" in function.__qualname__
