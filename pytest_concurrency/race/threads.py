"""The driver of threads: runs actors one at a time, from decision to decision.

The actor that runs holds the baton. It hands it on by releasing the gate of another actor, a raw
lock, and waits at its own. Reused threads make a run cost little more than its hand-offs.
"""

from __future__ import annotations

import _thread
import ctypes
import gc
import os
import sys
import threading
import traceback
from bisect import insort
from collections.abc import Callable, Sequence
from typing import Literal

from pytest_concurrency.errors import message
from pytest_concurrency.race.actors import (
    BLOCKED,
    DONE,
    NEW,
    READY,
    Actor,
    Resource,
    ThreadWorker,
    Unwind,
)
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.strategies.protocol import Strategy

__all__ = ["CLEANUP_STEPS", "Ending", "Scheduler"]

Ending = Literal["complete", "deadlock", "endless"]

# How many visible operations the `finally` blocks of an actor may take when its run is over.
CLEANUP_STEPS = 10_000
# In seconds of real time.
_LOOK_EVERY = 1.0
_PATIENCE = 10.0
_get_ident = _thread.get_ident


class Scheduler:
    """Runs actors under schedules; use it with `with`.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.

    Attributes:
        trace: The visible operations of the last run in the order in which actors came to them.
        segments: Who went on from which place in `trace`.
        actors: The actors of the last run.
        ending: How it ended.
        now: The virtual time, in seconds since the start of the run.
    """

    def __init__(self, scope: Scope, max_steps: int = 20_000) -> None:
        self.max_steps = max_steps
        self.points = points_for(scope, self.reach)
        self.trace: list[Operation] = []
        self.segments: list[tuple[int, Actor]] = []
        self.actors: list[Actor] = []
        self.candidates: list[Actor] = []
        self.current: Actor | None = None
        self.ending: Ending = "complete"
        self.ident = 0
        self.step = 0
        self.now = 0.0
        self._limit = 0
        self._living = 0
        self._aborting = False
        self._baton_out = False
        self._cleanup_left = 0
        self._seen: tuple[Actor | None, int] = (None, 0)
        self._looks = 0
        self._lost: list[ThreadWorker] = []
        self._workers: list[ThreadWorker] = []
        self._threads: list[threading.Thread] = []
        self._done = _thread.allocate_lock()
        self._strategy: Strategy
        self._affinity: set[int] = set()
        self._gc_was_on = False

    # The life of a scheduler, in the thread that made it.

    def __enter__(self) -> Scheduler:
        self._gc_was_on = gc.isenabled()
        # A cyclic collection would run finalisers at places that no schedule names.
        gc.disable()
        if hasattr(os, "sched_setaffinity"):
            # Only one thread ever runs; on one CPU a hand-off costs half as much.
            self._affinity = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {min(self._affinity)})
        self._done.acquire()
        try:
            self.points.start()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._unwind()
            self.points.stop()
            for worker in self._workers:
                if worker not in self._lost:
                    worker.end(_PATIENCE)
            self._workers.clear()
        finally:
            self._restore()

    def _restore(self) -> None:
        if self._affinity:
            os.sched_setaffinity(0, self._affinity)
        if self._gc_was_on:
            gc.enable()

    def run(self, targets: Sequence[Callable[[], object]], strategy: Strategy) -> Ending:
        """Runs actors once; whatever happens, no actor is left running.

        Args:
            targets: What the actors do.
            strategy: Makes the decisions; its `begin` has been called.

        Returns:
            How the run ended; everything else is in the attributes.
        """
        self.trace.clear()
        self.segments = []
        self.actors = []
        self.candidates = []
        self.current = None
        self.ending = "complete"
        self.now = 0.0
        self._aborting = False
        self._living = 0
        self._strategy = strategy
        self.points.refresh()
        for index, target in enumerate(targets):
            self._add(str(index), target, self._thread_of(index), daemon=False)
        self.step = 0
        try:
            self._give_baton(self._chosen())
            self._wait()
        finally:
            self._unwind()
        return self.ending

    def _thread_of(self, index: int) -> threading.Thread:
        """Returns the `Thread` that `current_thread()` shall be in an actor that was given."""
        while len(self._threads) <= index:
            name = f"actor-{len(self._threads)}"
            self._threads.append(threading.Thread(name=name, daemon=False))
        return self._threads[index]

    def _add(
        self, path: str, target: Callable[[], object], thread: threading.Thread, daemon: bool
    ) -> Actor:
        index = len(self.actors)
        if index == len(self._workers):
            self._workers.append(ThreadWorker(self.points.watch_thread, self._ended))
        worker = self._workers[index]
        actor = Actor(index, path, target, worker, thread, daemon)
        worker.actor = actor
        self.actors.append(actor)
        self.candidates.append(actor)
        if not daemon:
            self._living += 1
        return actor

    def _wait(self) -> None:
        """Waits until no actor has the baton."""
        while not self._done.acquire(timeout=_LOOK_EVERY):
            self._watch()

    def _watch(self) -> None:
        """Ends the run if the actor that has the baton has done nothing visible for long."""
        current, steps = self.current, len(self.trace)
        if (current, steps) != self._seen:
            self._seen, self._looks = (current, steps), 0
            return
        self._looks += 1
        if self._looks * _LOOK_EVERY < _PATIENCE or current is None:
            return
        if self._aborting and self._looks * _LOOK_EVERY >= 2 * _PATIENCE:
            self._abandon(current)
        self._aborting = True
        self.ending = "endless"
        # Reaches a loop without visible operations; a call that blocks in C does not notice.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(current.worker.ident), ctypes.py_object(Unwind)
        )

    def _abandon(self, actor: Actor) -> None:
        """Gives up a thread that cannot be stopped, and says where it is."""
        frame = sys._current_frames().get(actor.worker.ident)
        stack = "".join(traceback.format_stack(frame)) if frame else "it has no Python frame"
        self._lost.append(actor.worker)
        raise RuntimeError(
            message(
                f"actor {actor.path} is blocked by something that is not modelled, "
                f"and could not be stopped within {2 * _PATIENCE:g} s; its thread is left behind",
                evidence=stack,
                cause="does it wait for a socket, a subprocess or a lock of an extension?",
                next_step="give the actor a stand-in that does not block",
            )
        )

    def _unwind(self) -> None:
        """Ends every actor that has begun and not ended."""
        self._aborting = True
        self._limit = -1
        if self._baton_out:
            # The main thread was interrupted; the actor that runs notices at its next operation.
            self._wait()
        for actor in self.actors:
            if actor.state == NEW:
                actor.state = DONE
            elif actor.state != DONE and actor.worker not in self._lost:
                self._give_baton(actor)
                self._wait()

    # In the thread of the actor that has the baton, or in that of the scheduler.

    def reach(self, operation: Operation) -> None:
        """Comes to a visible operation: makes a decision, if one is due."""
        if _get_ident() != self.ident:
            return
        trace = self.trace
        trace.append(operation)
        if len(trace) >= self._limit:
            self._decide(operation)

    def operation(self) -> Operation | None:
        """Returns the visible operation that the current actor is doing."""
        if len(self.trace) > self.segments[-1][0]:
            return self.trace[-1]
        return self.current.pending if self.current else None

    def block(self, resource: Resource | None, deadline: float | None = None) -> bool:
        """Blocks the current actor until it is woken.

        Args:
            resource: What it waits for; its `waiters` are told apart by `wake`.
            deadline: When its timeout may win, in seconds of the virtual clock; None for never.

        Returns:
            Whether it was woken; False if its timeout won.
        """
        actor = self._me()
        actor.state = BLOCKED
        actor.waits_for = resource
        actor.deadline = deadline
        actor.timed_out = False
        if resource is not None:
            resource.waiters.append(actor)
        if deadline is None:
            self.candidates.remove(actor)
        else:
            self._strategy.yielded(actor)
        if self.candidates:
            chosen = self._chosen()
            if chosen is actor:
                self._fire(actor)
            else:
                self._switch(actor, chosen)
        else:
            self._end("deadlock" if self._living else "complete")
            self._park(actor)
        actor.waits_for = None
        actor.deadline = None
        return not actor.timed_out

    def wake(self, resource: Resource) -> None:
        """Lets everybody who waits for a resource try again."""
        for actor in resource.waiters:
            if actor.deadline is None:
                insort(self.candidates, actor, key=_index)
            actor.state = READY
            actor.deadline = None
        resource.waiters.clear()

    def give_way(self) -> None:
        """Lets others go on first: for `sleep(0)`, and for an attempt that failed."""
        actor = self._me()
        self._strategy.yielded(actor)
        chosen = self._chosen()
        if chosen is not actor:
            self._switch(actor, chosen)

    def spawn(
        self, target: Callable[[], object], thread: threading.Thread, *, daemon: bool
    ) -> Actor:
        """Makes an actor of a thread that the current actor starts.

        Args:
            target: What it does.
            thread: What `current_thread()` is in it.
            daemon: Whether the run ends without it.
        """
        parent = self._me()
        actor = self._add(f"{parent.path}.{parent.children}", target, thread, daemon)
        parent.children += 1
        return actor

    def join(self, actor: Actor, deadline: float | None = None) -> bool:
        """Waits until another actor has ended; False if the timeout won."""
        while actor.state != DONE:
            if not self.block(actor, deadline):
                return False
        return True

    def _me(self) -> Actor:
        """Returns the current actor, unless its run is over."""
        if self._aborting:
            raise Unwind
        assert self.current is not None
        return self.current

    def _decide(self, operation: Operation) -> None:
        """Lets the strategy choose who goes on before an operation of the current actor."""
        actor = self.current
        assert actor is not None
        if self._aborting:
            self._stop(actor)
            return
        actor.pending = operation
        if len(self.trace) >= self.max_steps:
            self._end("endless")
            self._park(actor)
        chosen = self._chosen()
        if chosen is not actor:
            self._switch(actor, chosen)

    def _stop(self, actor: Actor) -> None:
        """Raises in an actor whose run is over, but lets its cleaning up go on for a while."""
        if actor.unwinding and self._cleanup_left > 0:
            self._cleanup_left -= 1
            return
        self._start_cleanup(actor)
        raise Unwind

    def _start_cleanup(self, actor: Actor) -> None:
        if not actor.unwinding:
            actor.unwinding = True
            self._cleanup_left = CLEANUP_STEPS

    def _chosen(self) -> Actor:
        """Asks the strategy."""
        strategy = self._strategy
        self.step = len(self.trace)
        chosen = strategy.choose(self)
        self._limit = min(strategy.horizon, self.max_steps)
        if self._aborting:
            self._limit = -1
        assert isinstance(chosen, Actor)
        return chosen

    def _switch(self, actor: Actor, chosen: Actor) -> None:
        self._give_baton(chosen)
        self._park(actor)

    def _give_baton(self, actor: Actor) -> None:
        """Lets an actor go on; the caller must not touch anything afterwards."""
        if actor.state == BLOCKED and not self._aborting:
            self._fire(actor)
        actor.state = READY
        self.current = actor
        self.ident = actor.worker.ident
        self.segments.append((len(self.trace), actor))
        self._baton_out = True
        actor.worker.gate.release()

    def _park(self, actor: Actor) -> None:
        """Waits for the baton."""
        actor.worker.gate.acquire()
        if self._aborting:
            self._start_cleanup(actor)
            raise Unwind

    def _fire(self, actor: Actor) -> None:
        """Makes the timeout of an actor win, and moves the clock on."""
        assert actor.deadline is not None
        self.now = max(self.now, actor.deadline)
        actor.timed_out = True
        actor.state = READY
        if actor.waits_for is not None:
            actor.waits_for.waiters.remove(actor)

    def _ended(self, actor: Actor) -> None:
        """Goes on with another actor after one has ended; called in its thread."""
        actor.state = DONE
        if self._aborting:
            self._hand_back()
            return
        self.candidates.remove(actor)
        self.wake(actor)
        self._living -= not actor.daemon
        if not self._living:
            self._end("complete")
        elif not self.candidates:
            self._end("deadlock")
        else:
            self._give_baton(self._chosen())

    def _end(self, ending: Ending) -> None:
        """Ends the run; actors that have not ended are unwound then."""
        self.ending = ending
        self._aborting = True
        self._hand_back()

    def _hand_back(self) -> None:
        """Returns the baton to the thread of the scheduler."""
        self.ident = 0
        self._baton_out = False
        self._done.release()


def _index(actor: Actor) -> int:
    return actor.index
