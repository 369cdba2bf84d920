"""Threads beside the tasks: while one of them can go on, a step of a task is not one piece.

The visible operations inside of a task are decisions then, too; but until its step is over, no
other task can go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FrameType

from pytest_concurrency.race.actors import DONE, STRAY, Actor, Unwind, put_in_order
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import value_of
from pytest_concurrency.race.tasks.actors import OnLoop, is_asyncios
from pytest_concurrency.race.tasks.inbox import Inbox
from pytest_concurrency.race.tasks.loop import EventLoop

__all__ = ["BesideThreads"]


class BesideThreads(Inbox):
    """Makes decisions inside of tasks beside threads; the arguments are those of `Inbox`."""

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps, loop)
        # Visible operations inside of tasks, and how many there were when the step began.
        self._reached = self._reached_before = 0
        self._watching = False

    def _forget_run(self) -> None:
        super()._forget_run()
        self._threads_of_run: list[Actor] = []

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
                put_in_order(actor, self._able)
                self._timed += actor.deadline is not None
