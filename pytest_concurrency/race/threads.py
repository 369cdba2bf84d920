"""The driver of threads: runs actors one at a time, from decision to decision.

Reused threads make a run cost little more than its hand-offs.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.accesses import Access
from pytest_concurrency.race.actors import (
    DONE,
    NEW,
    STRAY,
    Actor,
    ThreadWorker,
    Unwind,
    acquire_raw,
)
from pytest_concurrency.race.driver import Ending, Fault
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.primitives import Primitives
from pytest_concurrency.race.reaching import Reaching
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.surroundings import collector_paused, on_one_cpu
from pytest_concurrency.race.watchdog import Watchdog

if TYPE_CHECKING:
    from typing_extensions import Self

    from pytest_concurrency.race.runs import Case

__all__ = ["Scheduler"]

# In seconds of real time: usually, once it was in vain, and when the test is interrupted by Ctrl-C
# or a timeout.
_PATIENCE = 10.0
_LESS_PATIENCE = 1.0
_SHORT_PATIENCE = 0.3
_COLLECT_EVERY = 500


class Scheduler(Reaching):
    """Runs actors under schedules; use it with `with`.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        natural: Decide only where this interpreter itself could switch threads.
    """

    foresees_accesses = True

    def __init__(
        self,
        scope: Scope,
        max_steps: int = 20_000,
        *,
        natural: bool = False,
    ) -> None:
        super().__init__(scope, max_steps, natural)
        self.primitives = Primitives(self)
        self.notes_acquires = True
        self.fresh_threads = False
        self._patience = _PATIENCE
        self._runs = 0
        self._workers: list[ThreadWorker] = []
        self._used_workers = 0
        self._threads: list[threading.Thread] = []
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
        self._forget_run()
        self._strategy = strategy
        self._entered.clear()
        self.clear()
        self.points.refresh()
        self._used_workers = 0
        try:
            self._start_run(targets)
            self._watchdog.wait(self._patience)
        except BaseException:
            self._patience = _SHORT_PATIENCE
            self._take_baton_back()
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

    @property
    def faults(self) -> Sequence[Fault]:
        """What went wrong beside the actors: nothing, since threads have no such things."""
        return ()

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

    def _take_baton_back(self) -> None:
        """Waits for the baton after an interrupt, which may have come just when it was back."""
        self._steps = len(self.trace)
        self.aborting = True
        self._limit = -1
        if self.ident:
            self._watchdog.wait(self._patience)
        else:
            # Nobody runs: it is released already, or soon, or was taken before the interrupt.
            acquire_raw(self._done, True, self._patience)
        self._baton_out = False

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
