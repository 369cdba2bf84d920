"""The driver of tasks: runs them from await to await, in the order that a strategy chooses.

The loop has one thread, in which all tasks run. It holds the baton of the scheduler of threads for
whichever task goes on, so that threads which tasks start are actors beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from pytest_concurrency.errors import message
from pytest_concurrency.race.actors import DONE, Actor, Unwind, acquire_raw
from pytest_concurrency.race.driver import Ending
from pytest_concurrency.race.tasks.actors import OnLoop, TaskActor
from pytest_concurrency.race.tasks.endings import end_tasks
from pytest_concurrency.race.tasks.loop import EventLoop
from pytest_concurrency.race.tasks.turns import Turns

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["TaskScheduler"]


class TaskScheduler(Turns):
    """Runs coroutine functions as tasks under schedules; use it with `with`.

    Args:
        scope: Tells the user's code from code that runs through.
        max_steps: After so many visible operations a run counts as endless.
        loop: What the tasks run on.
    """

    foresees_accesses = False

    def __enter__(self) -> Self:
        super().__enter__()
        self.loop.open()
        # The first run shows whether there are threads, or a step without an end.
        self._watching = True
        self._take_over_warnings()
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            super().__exit__(*exc_info)
        finally:
            self._let_go_of_futures()
            self._tasks.clear()
            self._callbacks.clear()
            self.actors = []
            # What exceptions of the runs have kept alive ends while its warnings are ours.
            gc.collect()
            self._patches.undo()
            self.loop.close()

    # The life of a run.

    def _start_run(self, targets: Sequence[Callable[..., object]]) -> None:
        if self._runs > 1:
            self._watch(self._finds_accesses)
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
        if actor.worker.abandoned:
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
            # It keeps the baton, and cleans up. When the test was interrupted, it had perhaps just
            # given the baton to itself.
            acquire_raw(self._loop_actor.worker.gate, False)
            raise Unwind
        super()._park(actor)

    def break_off(self, error: Exception) -> None:
        """Ends the search with an error, because a run cannot be followed."""
        self._broken = error
        self.aborting = True


async def _raising(error: Exception) -> None:
    raise error


async def _awaiting(made: Any) -> object:
    return await made
