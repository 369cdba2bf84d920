"""The driver of threads: runs actors one at a time, from decision to decision.

The actor that runs holds the baton. It hands it on by releasing the gate of another actor, a raw
lock, and waits at its own. Reused threads make a run cost little more than its hand-offs.
"""

from __future__ import annotations

import _thread
import contextlib
import gc
import sys
import threading
from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.accesses import Access, Entered
from pytest_concurrency.race.actors import (
    BLOCKED,
    DONE,
    NEW,
    READY,
    STRAY,
    Actor,
    ThreadWorker,
    Unwind,
    acquire_raw,
    release_raw,
)
from pytest_concurrency.race.driver import Ending, Fault, Stretch
from pytest_concurrency.race.looks import Looks
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.entries import enters_python
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.values import value_of
from pytest_concurrency.race.primitives import Primitives
from pytest_concurrency.race.strategies.protocol import Reason, Strategy
from pytest_concurrency.race.surroundings import collector_paused, on_one_cpu
from pytest_concurrency.race.watchdog import Watchdog

if TYPE_CHECKING:
    from typing_extensions import Self

    from pytest_concurrency.race.runs import Case

__all__ = ["CLEANUP_STEPS", "Scheduler"]

# How many visible operations the `finally` blocks of an actor may take when its run is over.
CLEANUP_STEPS = 10_000
# In seconds of real time: usually, once it was in vain, and when the test is interrupted by Ctrl-C
# or a timeout.
_PATIENCE = 10.0
_LESS_PATIENCE = 1.0
_SHORT_PATIENCE = 0.3
_COLLECT_EVERY = 500
_get_ident = _thread.get_ident


class Scheduler:
    """Runs actors under schedules; use it with `with`.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        natural: Decide only where this interpreter itself could switch threads.

    Attributes:
        trace: The visible operations of the last run in the order in which actors came to them.
        stretches: Who went on from which place in `trace`, and why.
        actors: The actors of the last run.
        ending: How it ended.
        now: The virtual time, in seconds since the start of the run.
        accesses: What the operations of the last run touched, if that is to be found out.
        kept: What they touched itself, so that nothing else gets its `id` while the run lasts; None
            to keep nothing, since that would put off finalisers.
        strays: What blocked in the last run without being modelled, in words.
        faults: What went wrong beside the actors; nothing, since threads have no such things.
    """

    foresees_accesses = True

    def __init__(
        self,
        scope: Scope,
        max_steps: int = 20_000,
        *,
        natural: bool = False,
    ) -> None:
        self.scope = scope
        self.max_steps = max_steps
        self.natural = natural
        self._is_natural = True
        self._entered = Entered()
        self._looks = Looks()
        self._finds_accesses = False
        self.points = points_for(scope, self._reach_naturally if natural else self.reach, natural)
        self.primitives = Primitives(self)
        self.trace: list[Operation] = []
        self.stretches: list[Stretch] = []
        self.actors: list[Actor] = []
        self.accesses: list[tuple[Actor, Access]] = []
        self.kept: list[object] | None = None
        self.candidates: list[Actor] = []
        self._able: list[Actor] = self.candidates
        self._timed = 0
        self.current: Actor | None = None
        self.reason: Reason = "start"
        self.ending: Ending = "complete"
        self.ident = 0
        self.step = 0
        self.now = 0.0
        self.notes_acquires = True
        self.fresh_threads = False
        self.strays: list[str] = []
        self.faults: Sequence[Fault] = ()
        self.waiting: dict[int, list[Actor]] = {}
        self.woken: dict[int, list[Actor]] = {}
        self.aborting = False
        self._limit = 0
        self._living = 0
        self.outside = 0
        self._back: list[Actor] = []
        self._baton_out = False
        self._cleanup_left = 0
        self._patience = _PATIENCE
        self._runs = 0
        self._steps = 0
        self._broken: Exception | None = None
        self._workers: list[ThreadWorker] = []
        self._used_workers = 0
        self._threads: list[threading.Thread] = []
        self._done = _thread.allocate_lock()
        self._strategy: Strategy
        self._given: tuple[Any, ...] = ()
        self._exit = contextlib.ExitStack()
        self._watchdog = Watchdog(self)

    # The life of a scheduler, in the thread that made it.

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.enter_context(collector_paused())
            undo.enter_context(on_one_cpu())
            acquire_raw(self._done)
            self.points.start()
            undo.callback(self.points.stop)
            undo.callback(self._end_workers)
            self.primitives.install()
            undo.callback(self.primitives.remove)
            self.points.table.on_namespace = self._look_at
            for namespace in self.points.table.namespaces():
                self._look_at(namespace)
            self._exit = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._exit:
            self._unwind()

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.end(self._patience)
        self._workers.clear()

    def fresh_state(self, case: Case) -> tuple[Any, ...]:
        """Makes the state of the next run, or puts the one back that there is.

        Returns:
            What the actors and `check` are called with.

        Raises:
            BaseException: Whatever `setup` or `reset` raises.
        """
        __tracebackhide__ = True
        if case.setup is None:
            self._given = ()
        elif case.reset is None:
            self._given = (case.setup(),)
        else:
            if not self._given:
                self._given = (case.setup(),)
            case.reset(self._given[0])
        return self._given

    def run(self, targets: Sequence[Callable[..., object]], strategy: Strategy) -> Ending:
        """Runs actors once; whatever happens, no actor is left running.

        Args:
            targets: What the actors do.
            strategy: Makes the decisions; its `begin` has been called.

        Returns:
            How the run ended; everything else is in the attributes.

        Raises:
            Exception: Whatever the strategy raises.
        """
        __tracebackhide__ = True
        self._runs += 1
        if not self._runs % _COLLECT_EVERY:
            gc.collect()
        if self.fresh_threads:
            self._end_workers()
        self.trace = []
        self.stretches = []
        self.actors = []
        self._able = self.candidates = []
        self._timed = 0
        self._entered.clear()
        self.accesses = []
        self.clear()
        self.current = None
        self.ending = "complete"
        self.now = 0.0
        self.aborting = False
        self._living = 0
        self._strategy = strategy
        if self.strays:
            self.strays = []
        self.points.refresh()
        self._used_workers = 0
        self._steps = -1
        self._broken = None
        try:
            self._start_run(targets)
            self._watchdog.wait(self._patience)
        except BaseException:
            self._patience = _SHORT_PATIENCE
            raise
        finally:
            self._unwind()
            # What was reached while actors were unwound belongs to no schedule.
            del self.trace[self._steps :]
        if self._broken is not None:
            raise self._broken
        return self.ending

    def _start_run(self, targets: Sequence[Callable[..., object]]) -> None:
        """Makes the actors that were given, and lets the first one go on."""
        for index, target in enumerate(targets):
            if self._given:
                target = partial(target, *self._given)
            actor = self._add(str(index), target, self._thread_of(index), daemon=False)
            # It has not touched anything yet when it comes to its first visible operation.
            looks = self._finds_accesses and self._looks.may_begin(target)
            actor.access = Access(anything="reads" if looks else "")
        self._go_on_with_another("start")

    @property
    def length(self) -> int:
        """How many visible operations there were in the last run."""
        return len(self.trace)

    def step_aside(self, aside: bool) -> bool:
        """Lets another tool trace the actors for a run, if both cannot; tells whether it does."""
        return self.points.step_aside(aside)

    @property
    def has_lost_patience(self) -> bool:
        """Whether real time ran out for an actor: each run costs much of it then."""
        return self._patience < _PATIENCE

    def lose_patience(self) -> None:
        """Waits less from now on, because an actor that was waited for did not come back."""
        self._patience = min(self._patience, _LESS_PATIENCE)

    def clear(self) -> None:
        """Prepares for a run; for subclasses."""

    def _look_at(self, namespace: Mapping[str, object]) -> None:
        """Sees the globals of a module of the user's, the first time code of it runs."""
        self.primitives.replace_names_of(namespace)
        if any(issubclass(type(value), threading.local) for value in list(namespace.values())):
            # What it keeps for a thread must not be there when the thread is used again.
            self.fresh_threads = True

    def _thread_of(self, index: int) -> threading.Thread:
        """Returns the `Thread` that `current_thread()` shall be in an actor that was given."""
        while len(self._threads) <= index:
            name = f"actor-{len(self._threads)}"
            self._threads.append(threading.Thread(name=name, daemon=False))
        return self._threads[index]

    def _add(
        self, path: str, target: Callable[[], object], thread: threading.Thread, daemon: bool
    ) -> Actor:
        worker = self._next_worker()
        actor = Actor(len(self.actors), path, target, worker, thread, daemon)
        worker.actor = actor
        self._enter(actor)
        return actor

    def _enter(self, actor: Actor) -> None:
        """Lets a new actor take part in the run."""
        self.actors.append(actor)
        self._able.append(actor)
        if not actor.daemon:
            self._living += 1

    def _next_worker(self) -> ThreadWorker:
        """Returns a thread that has no actor in this run yet."""
        if self._used_workers == len(self._workers):
            self._workers.append(ThreadWorker(self.points.watch_thread, self._ended))
        self._used_workers += 1
        return self._workers[self._used_workers - 1]

    def _unwind(self) -> None:
        """Ends every actor that has begun and not ended."""
        if self._steps < 0:
            self._steps = len(self.trace)
        self.aborting = True
        self._limit = -1
        if self._baton_out:
            # The main thread was interrupted; the actor that runs notices at its next operation.
            self._watchdog.wait(self._patience)
        self.unwind_ready()
        if self.outside:
            self._watchdog.collect_strays(self._patience)
            self.outside = 0
        if self._watchdog.has_given_up:
            self._replace_abandoned()
        self.waiting.clear()
        self.woken.clear()
        self.primitives.forget_run()

    def unwind_ready(self) -> None:
        """Ends every actor that has begun and is parked."""
        for actor in self.actors:
            if actor.state == NEW:
                actor.state = DONE
            elif actor.state not in (DONE, STRAY):
                self._give_baton(actor, "end")
                self._watchdog.wait(self._patience)

    def _replace_abandoned(self) -> None:
        self._watchdog.has_given_up = False
        self._back.clear()
        self._workers = [
            ThreadWorker(self.points.watch_thread, self._ended) if worker.abandoned else worker
            for worker in self._workers
        ]

    # In the thread of the actor that has the baton.

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

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Blocks the current actor until it is woken.

        Args:
            resource: What it waits for, until `wake` is called with it; None for a time.
            deadline: When its timeout may win, in seconds of the virtual clock; None for never.

        Returns:
            Whether it was woken; False if its timeout won.
        """
        actor = self._me()
        actor.state = BLOCKED
        actor.waits_for = resource
        actor.deadline = actor.until = deadline
        actor.timed_out = False
        if resource is not None:
            self.waiting.setdefault(id(resource), []).append(actor)
        if deadline is None:
            self._able.remove(actor)
        else:
            self._timed += 1
            self._strategy.yielded(actor)
        if self._back:
            self._take_back()
        if self._able:
            self._let_go_on(actor, "block")
        else:
            self._nobody_can_go_on()
            self._park(actor)
        actor.waits_for = None
        actor.deadline = None
        return not actor.timed_out

    def wake(self, resource: object) -> None:
        """Lets everybody who waits for a resource try again."""
        woken = self.waiting.pop(id(resource), [])
        for actor in woken:
            if actor.deadline is None:
                insort(self._able, actor, key=_index)
            else:
                self._timed -= 1
            actor.state = READY
            actor.deadline = None
        self.woken[id(resource)] = woken

    def taken(self, lock: object) -> None:
        """Blocks those again who were woken for a lock and have not come to take it."""
        again = [
            actor
            for actor in self.woken.pop(id(lock))
            if actor.state == READY and actor.waits_for is lock and actor is not self.current
        ]
        for actor in again:
            actor.state = BLOCKED
            actor.deadline = actor.until
            if actor.deadline is None:
                self._able.remove(actor)
            else:
                self._timed += 1
        if again:
            self.waiting[id(lock)] = again

    def failed_to_take(self, frame: FrameType) -> None:
        """Lets others go on first, if it was the user's code that tried in vain.

        Args:
            frame: Who tried. The standard library tries where it expects to fail.
        """
        if frame.f_code in self.scope:
            self.give_way()

    def give_way(self) -> None:
        """Lets others go on first: for `sleep(0)`, and for an attempt that failed."""
        actor = self._me()
        actor.yields += 1
        self._strategy.yielded(actor)
        self._let_go_on(actor, "yield")

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
        if self.aborting:
            raise Unwind
        assert self.current is not None
        return self.current

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

    def _let_go_on(self, actor: Actor, reason: Reason) -> None:
        """Goes on with whom the strategy chooses; returns when it is this actor's turn again."""
        chosen = self._chosen(reason)
        if chosen is None:
            self._end("cut")
        elif chosen is actor:
            if actor.state == BLOCKED:
                self.stretches.append(Stretch(len(self.trace), actor, reason, actor))
                self._fire(actor)
            return
        else:
            self._give_baton(chosen, reason)
        self._park(actor)

    def _stop(self, actor: Actor, operation: Operation) -> None:
        """Raises in an actor whose run is over, but lets its cleaning up go on for a while."""
        if actor.unwinding and self._cleanup_left > 0:
            self._cleanup_left -= 1
            return
        if operation.kind == "enter" and not actor.unwinding:
            return
        self._start_cleanup(actor)
        raise Unwind

    def _start_cleanup(self, actor: Actor) -> None:
        if not actor.unwinding:
            actor.unwinding = True
            self._cleanup_left = CLEANUP_STEPS

    def _chosen(self, reason: Reason) -> Actor | None:
        """Asks the strategy; None if the run need not go on."""
        strategy = self._strategy
        self.step = len(self.trace)
        self.reason = reason
        able = self._able
        if self._timed > 1:
            # Of several timeouts the earliest wins first.
            first = min(actor.deadline for actor in able if actor.deadline is not None)
            able = [actor for actor in able if actor.deadline is None or actor.deadline == first]
        self.candidates = able
        try:
            chosen = strategy.choose(self)
        except Exception as error:
            # Raised again by `run`; here it would only end an actor.
            self._broken, chosen = error, None
        self._limit = 0 if self.natural else min(strategy.horizon, self.max_steps)
        if self.aborting:
            self._limit = -1
        assert chosen is None or isinstance(chosen, Actor)
        return chosen

    def _go_on_with_another(self, reason: Reason) -> None:
        """Goes on with whom the strategy chooses; the caller is no actor, or has ended."""
        chosen = self._chosen(reason)
        if chosen is None:
            self._end("cut")
        else:
            self._give_baton(chosen, reason)

    def _nobody_can_go_on(self) -> None:
        if self.outside:
            # Somebody may come back from a call that is not modelled.
            self._hand_back(idle=True)
        else:
            self._end("deadlock" if self._living else "complete")

    def _give_baton(self, actor: Actor, reason: Reason) -> None:
        """Lets an actor go on; the caller must not touch anything afterwards."""
        if not self.aborting:
            before = self.current
            yields = 0 if before is None else before.yields
            self.stretches.append(Stretch(len(self.trace), actor, reason, before, yields))
            if actor.state == BLOCKED:
                self._fire(actor)
        actor.state = READY
        self.current = actor
        self.ident = actor.worker.ident
        self._baton_out = True
        release_raw(actor.worker.gate)

    def _park(self, actor: Actor) -> None:
        """Waits for the baton."""
        acquire_raw(actor.worker.gate)
        if self.aborting:
            self._start_cleanup(actor)
            raise Unwind

    def _fire(self, actor: Actor) -> None:
        """Makes the timeout of an actor win, and moves the clock on."""
        assert actor.deadline is not None
        self.now = max(self.now, actor.deadline)
        self._timed -= 1
        actor.timed_out = True
        actor.state = READY
        if actor.waits_for is not None:
            waiting = self.waiting[id(actor.waits_for)]
            waiting.remove(actor)
            if not waiting:
                del self.waiting[id(actor.waits_for)]

    def _ended(self, actor: Actor) -> None:
        """Goes on with another actor after one has ended; called in its thread."""
        if actor.state == STRAY:
            with contextlib.suppress(Unwind):
                self.rejoin()
            if actor.worker.abandoned:
                return
        actor.state = DONE
        self.primitives.release_held_by(actor)
        if self.aborting:
            self._hand_back()
            return
        self._able.remove(actor)
        self.wake(actor)
        self._living -= not actor.daemon
        if self._back:
            self._take_back()
        if not self._living and not self.outside:
            self._end("complete")
        elif not self._able:
            self._nobody_can_go_on()
        else:
            self._go_on_with_another("end")

    def _end(self, ending: Ending) -> None:
        """Ends the run; actors that have not ended are unwound then."""
        self.ending = ending
        self._steps = len(self.trace)
        self.aborting = True
        self._hand_back()

    def _hand_back(self, idle: bool = False) -> None:
        """Returns the baton to the thread of the scheduler."""
        self.ident = 0
        self._baton_out = False
        self._watchdog.idle = idle
        release_raw(self._done)

    # Actors that are in a call that blocks and is not modelled.

    def leave_outside(self, actor: Actor, where: str) -> bool:
        """Takes the baton from an actor that blocks outside; called by the watchdog.

        Args:
            actor: Who has the baton.
            where: What it is doing, in words.

        Returns:
            Whether others go on; False if there is nobody else.
        """
        self.strays.append(where)
        if not self._able or self._able == [actor]:
            return False
        actor.state = STRAY
        self.outside += 1
        self._able.remove(actor)
        self._go_on_with_another("block")
        return True

    def rejoin(self) -> None:
        """Parks a stray actor that comes back, until it is chosen; called in its thread."""
        ident = _get_ident()
        for actor in self.actors:
            if actor.state == STRAY and actor.worker.ident == ident:
                self._back.append(actor)
                # Whoever has the baton makes a decision soon.
                self._limit = -1
                self._park(actor)
                if actor.worker.abandoned:
                    raise Unwind
                return

    def take_back(self) -> bool:
        """Lets actors that have come back take part again; tells whether there were any."""
        if not self._back:
            return False
        self._take_back()
        return True

    def go_on(self) -> None:
        """Goes on after a time when nobody could."""
        self._go_on_with_another("block")

    def _take_back(self) -> None:
        while self._back:
            actor = self._back.pop()
            if actor.worker.abandoned:
                continue
            actor.state = READY
            self.outside -= 1
            insort(self._able, actor, key=_index)


def _index(actor: Actor) -> int:
    return actor.index
