"""The side of a worker process: its threads go on when the scheduler lets them.

Each actor waits at a gate of its own, a semaphore that the scheduler opens. What the actor comes to
until its next turn stands on the board.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]
import _thread
import contextlib
import math
import os
import threading
from collections.abc import Callable, Sequence
from multiprocessing import process
from types import FrameType
from typing import Any

from pytest_concurrency.race.actors import (
    BLOCKED,
    DONE,
    READY,
    STRAY,
    Actor,
    ThreadWorker,
    Unwind,
    release_raw,
)
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.board import Board
from pytest_concurrency.race.processes.plan import chosen_by_plan, lower, note_hop
from pytest_concurrency.race.unwinding import Unwinding

__all__ = ["BACK", "END", "REASONS", "Gate", "Turns", "open_gate", "pass_gate"]

# A stray actor that has come back and waits for a turn.
BACK = DONE + 1
REASONS = ("start", "reach", "block", "yield", "end")
_REACH, _BLOCK, _YIELD, END = range(1, 5)
# In seconds: how soon a worker notices that its parent is gone.
_LOOK_EVERY = 1.0
_get_ident = _thread.get_ident

Gate = Any
"""What an actor waits at: the semaphore below a `multiprocessing.Semaphore`."""

# Kept before anything is patched.
pass_gate: Callable[..., bool] = _multiprocessing.SemLock.acquire
open_gate: Callable[[Gate], None] = _multiprocessing.SemLock.release


class Turns(Unwinding):
    """Schedules the threads of this process, as the scheduler in the parent decides.

    Args:
        number: Of this process.
        board: What is shared with the scheduler.
        gates: Where each actor of the run waits.
        done: The gate of the scheduler.
        send: Sends a message to the scheduler.
        scope: Tells the user's code from other code.

    Attributes:
        waiting: Who waits for what is of this process alone, by its `id`.
        woken: Who was woken for that and has not come to take it.
        reached: The visible operation that the current actor is doing.
        is_ending: Whether the process has run its actor, and does what is left to do.
        on_error: Called with an actor that has raised, before the scheduler hears of its end.
        on_end: Called with an actor that has ended, however.
    """

    outside = 0

    def __init__(
        self,
        number: int,
        board: Board,
        gates: Sequence[Gate],
        done: Gate,
        send: Callable[[object], None],
        scope: Scope,
    ) -> None:
        self.number = number
        self.board = board
        self.scope = scope
        self.is_ending = False
        self.on_error: Callable[[Actor], object] = id
        self.on_end: Callable[[Actor], object] = id
        self.waiting: dict[int, list[Actor]] = {}
        self.woken: dict[int, list[Actor]] = {}
        self.ident = 0
        self.current: Actor | None = None
        self.actors: dict[int, Actor] = {}
        self._send = send
        self._gates = gates
        self._done = done
        self._words = board.words
        self._slot = -1
        self._known: dict[Operation, int] = {}
        self._told: set[int] = set()
        self.reached: Operation | None = None
        self._main_actor = Actor(
            number, str(number), bool, _MainThread(), threading.current_thread(), False
        )
        self._words[at.NATIVE + number] = _thread.get_native_id()
        self._workers: list[ThreadWorker] = []
        self._parent = process.parent_process()
        # Under fork a worker keeps open what tells of the parent's end to those before it.
        self._child_of = os.getppid()
        self.points = points_for(scope, self.reach)

    # The life of a process, in its main thread.

    def run(self, target: Callable[[], object], ending: Callable[[], object]) -> None:
        """Runs an actor in the main thread, which has the turn; comes back when it has ended.

        Args:
            target: What the actor does.
            ending: What the process does when the actor has ended, still as the actor.
        """
        if self.waiting or self.woken or len(self.actors) > 1:
            self.actors.clear()
            self.waiting.clear()
            self.woken.clear()
        self.points.refresh()
        actor = self._main_actor
        actor.children = 0
        actor.error = actor.pending = None
        actor.unwinding = False
        self.actors[self.number] = actor
        self.points.watch_thread()
        self.is_ending = False
        self._has_turn(actor)
        try:
            try:
                target()
            except SystemExit as error:
                # Anything but 0 or None is an exit code that somebody looks at.
                if error.code:
                    raise
            self.is_ending = True
            ending()
        except BaseException as error:
            if not actor.unwinding and not isinstance(error, Unwind):
                actor.error = error
        self._ended(actor)

    def step_aside(self) -> None:
        """Makes everything in this process as if there were no scheduler."""
        self.ident = 0

    def wait_for_turn(self, slot: int) -> None:
        """Waits at the gate of an actor; ends the process if the parent is gone."""
        gate = self._gates[slot]
        while not pass_gate(gate, True, _LOOK_EVERY):
            gone = self._parent is not None and not self._parent.is_alive()
            if gone or os.getppid() != self._child_of:
                os._exit(1)

    # What the points call, and the primitives: see `Host`.

    def reach(self, operation: Operation) -> None:
        """Comes to a visible operation: makes a decision, if one is due."""
        if _get_ident() != self.ident:
            return
        words = self._words
        if words[at.BATON] != self._slot:
            self._come_back()
            return
        number = self._known.get(operation)
        if number is None:
            number = self._introduce(operation)
        step = words[at.STEP]
        self.board.trace[step] = number
        words[at.STEP] = step = step + 1
        self.reached = operation
        if step >= words[at.LIMIT]:
            self._decide(operation, number)

    def operation(self) -> Operation | None:
        """Returns the visible operation that the current actor is doing."""
        return self.reached

    def note_held(self, key: int) -> None:
        """Notes on the board that the current actor has taken a lock."""
        number = -1 if self.reached is None else self._known.get(self.reached, -1)
        self.board.hold(self._slot, key, number)

    def note_let_go(self, key: int) -> None:
        """Notes on the board that a lock was released."""
        self.board.let_go(self._slot, key)

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Blocks the current actor until it is woken.

        Args:
            resource: What it waits for, until `wake` is called with it; None for a time.
            deadline: When its timeout may win, in seconds of the virtual clock; None for never.

        Returns:
            Whether it was woken; False if its timeout won.
        """
        actor = self._me()
        if resource is not None:
            self.waiting.setdefault(id(resource), []).append(actor)
        actor.waits_for = resource
        woken = self.block_on(0, deadline, resource)
        actor.waits_for = None
        if not woken and resource is not None:
            waiting = self.waiting.get(id(resource), [])
            if actor in waiting:
                waiting.remove(actor)
            if not waiting:
                self.waiting.pop(id(resource), None)
        return woken

    def block_on(self, key: int, deadline: float | None = None, resource: object = None) -> bool:
        """Blocks the current actor until another one, in whatever process, wakes that key.

        Args:
            key: What it waits for, the same number in all processes; 0 for nothing shared.
            deadline: As for `block`.
            resource: What the key stands for.
        """
        actor = self._me()
        words, slot = self._words, actor.index
        if deadline is not None:
            # Time is not in the plan.
            words[at.PLANNED] = 0
        words[at.KEY + slot] = key
        words[at.STATE_OF + slot] = actor.state = BLOCKED
        # It is still doing this when it goes on.
        actor.pending = self.reached
        words[at.TIMED_OUT + slot] = 0
        self.board.deadlines[slot] = math.inf if deadline is None else deadline
        actor.until = deadline
        if key:
            words[at.WAITERS] += 1
        try:
            self._hand_over(actor, _BLOCK)
        finally:
            if key:
                words[at.WAITERS] -= 1
            words[at.KEY + slot] = 0
        return not words[at.TIMED_OUT + slot]

    def wake(self, resource: object) -> None:
        """Lets everybody in this process who waits for a resource try again."""
        woken = self.waiting.pop(id(resource), [])
        for actor in woken:
            self._make_ready(actor.index)
        self.woken[id(resource)] = woken

    def wake_key(self, key: int) -> None:
        """Lets everybody who waits for a key try again."""
        words = self._words
        if not words[at.WAITERS]:
            return
        for slot in range(words[at.SLOTS]):
            if words[at.KEY + slot] == key and words[at.STATE_OF + slot] == BLOCKED:
                self._make_ready(slot)

    def taken(self, lock: object) -> None:
        """Blocks those again who were woken for a lock and have not come to take it."""
        again = [
            actor
            for actor in self.woken.pop(id(lock))
            if actor.waits_for is lock and actor is not self.current and self._is_ready(actor.index)
        ]
        for actor in again:
            self._block_again(actor.index, actor.until)
        if again:
            self.waiting[id(lock)] = again

    def taken_key(self, key: int) -> None:
        """The same, for a key."""
        words = self._words
        if not words[at.WAITERS]:
            return
        for slot in range(words[at.SLOTS]):
            if words[at.KEY + slot] == key and slot != self._slot and self._is_ready(slot):
                self._block_again(slot, None)

    def failed_to_take(self, frame: FrameType) -> None:
        """Lets others go on first, if it was the user's code that tried in vain."""
        if frame.f_code in self.scope:
            self.give_way()

    def give_way(self) -> None:
        """Lets others go on first: for `sleep(0)`, and for an attempt that failed."""
        actor = self._me()
        self._words[at.YIELDS + actor.index] += 1
        self._hand_over(actor, _YIELD)

    def spawn(
        self, target: Callable[[], object], thread: threading.Thread, *, daemon: bool
    ) -> Actor:
        """Makes an actor of a thread that the current actor starts."""
        parent = self._me()
        slot = self.board.add_actor(self.number, parent.index)
        if daemon:
            self._words[at.PARENT + slot] = ~parent.index
        path = f"{parent.path}.{parent.children}"
        parent.children += 1
        worker = self._free_worker()

        def begin() -> None:
            self._words[at.NATIVE + slot] = _thread.get_native_id()
            self.wait_for_turn(slot)
            self._has_turn(actor)
            if self._words[at.ABORTING]:
                raise Unwind
            target()

        actor = Actor(slot, path, begin, worker, thread, daemon)
        self.actors[slot] = actor
        worker.actor = actor
        release_raw(worker.gate)
        return actor

    def join(self, actor: Actor, deadline: float | None = None) -> bool:
        """Waits until another actor of this process has ended; False if the timeout won."""
        while actor.state != DONE:
            if not self.block(actor, deadline):
                return False
        return True

    def rejoin(self) -> None:
        """Does nothing: who comes back from outside is noticed at its next operation."""

    @property
    def now(self) -> float:
        """The virtual time, in seconds since the start of the run."""
        return self.board.now

    @now.setter
    def now(self, now: float) -> None:
        self.board.now = now

    @property
    def talks_to_a_manager(self) -> bool:
        """Whether the current actor waits for a manager, who is no actor and answers at once."""
        return bool(self._words[at.TALKS])

    @talks_to_a_manager.setter
    def talks_to_a_manager(self, talks: bool) -> None:
        self._words[at.TALKS] = talks

    @property
    def somebody_waits(self) -> bool:
        """Whether an actor of any process waits for something shared."""
        return bool(self._words[at.WAITERS])

    @property
    def notes_acquires(self) -> bool:
        """Whether to note which operations acquire a primitive."""
        return bool(self._words[at.NOTES])

    def tell(self, *message: object) -> None:
        """Sends a message to the scheduler, who reads it before the next turn."""
        # It is to be read before another worker has something to tell.
        self._words[at.PLANNED] = 0
        self._words[at.DETAIL] += 1
        # The pipe to the scheduler is none of the user's.
        ident, self.ident = self.ident, 0
        try:
            self._send(message)
        finally:
            self.ident = ident

    # Turns.

    def _me(self) -> Actor:
        """Returns the current actor, unless its run is over."""
        if self._words[at.ABORTING]:
            raise Unwind
        if self._words[at.BATON] != self._slot:
            self._come_back()
        assert self.current is not None
        return self.current

    def _introduce(self, operation: Operation) -> int:
        """Tells the scheduler what a number stands for that it will find on the board."""
        self._known[operation] = number = len(self._known)
        code = operation.code
        self.tell(
            "operation",
            *(operation.kind, operation.name, operation.subject),
            *(operation.offset, operation.line),
            *(code.co_filename, code.co_name, code.co_firstlineno),
        )
        return number

    def _tell_acquires(self) -> None:
        """Tells which operations were seen to acquire a primitive."""
        acquires = {number for operation, number in self._known.items() if operation.acquires}
        if acquires - self._told:
            self.tell("acquires", *sorted(acquires - self._told))
            self._told |= acquires

    def _decide(self, operation: Operation, number: int) -> None:
        actor = self.current
        assert actor is not None
        words = self._words
        if words[at.ABORTING]:
            words[at.STEP] -= 1
            self._stop(actor, operation)
            return
        actor.pending = operation
        words[at.PENDING + actor.index] = number
        if words[at.PLANNED] and words[at.STEP] < words[at.LAST]:
            lower(words, actor.index)
            if chosen_by_plan(words) == actor.index:
                return
        try:
            self._hand_over(actor, _REACH)
        except Unwind:
            if operation.kind != "enter":
                raise
            # Only what has been entered is closed on the way out: it ends at what comes next.
            actor.unwinding = False

    def _hand_over(self, actor: Actor, why: int) -> None:
        """Gives the turn back to the scheduler, and waits for the next one."""
        self._give_back(actor, why)
        self.wait_for_turn(actor.index)
        self._has_turn(actor)
        if self._words[at.ABORTING]:
            self._start_cleanup(actor)
            raise Unwind

    def _give_back(self, actor: Actor, why: int) -> None:
        """Hands the turn on as planned, or back to the scheduler."""
        words = self._words
        gate = self._done
        if words[at.PLANNED] and why != _YIELD and words[at.STEP] < words[at.LAST]:
            slot = chosen_by_plan(words)
            if slot >= 0 and note_hop(words, slot, why):
                gate = self._gates[slot]
        words[at.REPORT] = why
        self.ident = 0
        self.current = None
        open_gate(gate)

    def _has_turn(self, actor: Actor) -> None:
        slot = actor.index
        self._words[at.STATE_OF + slot] = actor.state = READY
        self.current = actor
        self.reached = actor.pending
        self._slot = slot
        self.ident = _get_ident()

    def _come_back(self) -> None:
        """Waits for a turn after a call that blocked and is not modelled."""
        ident = _get_ident()
        (actor,) = (
            actor
            for actor in self.actors.values()
            if self._words[at.STATE_OF + actor.index] == STRAY and actor.worker.ident == ident
        )
        self._words[at.STATE_OF + actor.index] = BACK
        self.wait_for_turn(actor.index)
        self._has_turn(actor)
        if self._words[at.ABORTING]:
            self._start_cleanup(actor)
            raise Unwind

    def _ended(self, actor: Actor) -> None:
        """Hands the turn over for good; called in the thread of the actor."""
        words = self._words
        if words[at.BATON] != actor.index:
            with contextlib.suppress(Unwind):
                self._come_back()
        words[at.STATE_OF + actor.index] = actor.state = DONE
        if words[at.NOTES]:
            self._tell_acquires()
        if actor.error is not None:
            self.on_error(actor)
        self.on_end(actor)
        self.wake(actor)
        self._give_back(actor, END)

    def _is_ready(self, slot: int) -> bool:
        return bool(self._words[at.STATE_OF + slot] == READY)

    def _make_ready(self, slot: int) -> None:
        self._words[at.STATE_OF + slot] = READY

    def _block_again(self, slot: int, deadline: float | None) -> None:
        self._words[at.STATE_OF + slot] = BLOCKED

    def _free_worker(self) -> ThreadWorker:
        for worker in self._workers:
            if worker.actor is None or worker.actor.state == DONE:
                return worker
        worker = ThreadWorker(self.points.watch_thread, self._ended)
        self._workers.append(worker)
        return worker

    def end_threads(self, timeout: float) -> None:
        """Ends the threads that actors ran in."""
        for worker in self._workers:
            worker.end(timeout)
        self._workers.clear()


class _MainThread(ThreadWorker):
    """The thread that made it, in which the actor of this process runs."""

    def __init__(self) -> None:
        self.ident = _get_ident()
        self.native_id = _thread.get_native_id()
        self.abandoned = False
        self.actor = None
