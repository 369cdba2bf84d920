"""What goes wrong beside the actors that were given: nobody awaits it, or looks at it."""

from __future__ import annotations

import _thread
import asyncio
import warnings
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pytest_concurrency.patches import Patches
from pytest_concurrency.race.actors import Unwind
from pytest_concurrency.race.driver import Fault
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.tasks.actors import name_of_coroutine
from pytest_concurrency.race.tasks.beside import BesideThreads
from pytest_concurrency.race.tasks.loop import EventLoop

if TYPE_CHECKING:
    from pytest_concurrency.race.runs import Case

__all__ = ["NotingFaults"]

# What asyncio says when such a future is collected.
_NEVER_RETRIEVED = "Future exception was never retrieved"
_get_ident = _thread.get_ident


class NotingFaults(BesideThreads):
    """Notes what asyncio and Python would only log or warn of; the arguments are `Inbox`'s."""

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps, loop)
        self._patches = Patches()
        self._owner = _get_ident()

    def _forget_run(self) -> None:
        super()._forget_run()
        self._faults: list[Fault] = []
        # The futures of the run, and who has made them.
        self._futures: list[tuple[weakref.ref[asyncio.Future[Any]], str]] = []

    @property
    def faults(self) -> Sequence[Fault]:
        """What went wrong in the last run, as far as nobody has looked at it until now."""
        return (*self._faults, *self._unread_futures())

    def fresh_state(self, case: Case) -> tuple[Any, ...]:
        """Makes the state of the next run, with which that of the last one may go."""
        __tracebackhide__ = True
        self._let_go_of_futures()
        return super().fresh_state(case)

    def _let_go_of_futures(self) -> None:
        """Keeps asyncio quiet about exceptions of the last run, which has been judged."""
        for reference, _ in self._futures:
            future = reference()
            if future is not None:
                future._log_traceback = False
        self._futures = []

    def note_future(self, future: asyncio.Future[Any]) -> None:
        """Remembers a future, since it may end with an exception that nobody looks at."""
        if not self.aborting and self.current is not None:
            self._futures.append((weakref.ref(future), self.current.path))

    def _unread_futures(self) -> Iterator[Fault]:
        """Finds exceptions of plain futures at which nobody has looked yet."""
        if self.ending != "complete":
            return
        for reference, path in self._futures:
            future = reference()
            if future is not None and future._log_traceback:
                # Not `exception()`: asyncio would take that for somebody who looks.
                error = future._exception
                if not isinstance(error, Unwind):
                    yield Fault("unhandled", path, error, _NEVER_RETRIEVED, unsettled=True)

    def _take_over_warnings(self) -> None:
        """Has the warnings of coroutines that nobody awaits come here, until `_patches` ends."""
        warn = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]

        def note(coroutine: Any) -> None:
            if not self._note_unawaited(coroutine):
                warn(coroutine)

        self._patches.replace(warnings, "_warn_unawaited_coroutine", note)

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

    def note_fault(self, fault: Fault, coroutine: Any = None) -> None:
        """Keeps what went wrong beside the actors that were given."""
        self._faults.append(fault)
