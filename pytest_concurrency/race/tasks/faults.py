"""What goes wrong beside the actors that were given: nobody awaits it, or looks at it."""

from __future__ import annotations

import _thread
import warnings
from typing import Any

from pytest_concurrency.patches import Patches
from pytest_concurrency.race.actors import Unwind
from pytest_concurrency.race.driver import Fault
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.tasks.actors import name_of_coroutine
from pytest_concurrency.race.tasks.beside import BesideThreads
from pytest_concurrency.race.tasks.loop import EventLoop

__all__ = ["NotingFaults"]

_get_ident = _thread.get_ident


class NotingFaults(BesideThreads):
    """Notes what asyncio and Python would only log or warn of; the arguments are `Inbox`'s.

    Attributes:
        faults: What went wrong in the last run without ending an actor that was given.
    """

    def __init__(
        self, scope: Scope, max_steps: int = 20_000, loop: EventLoop | None = None
    ) -> None:
        super().__init__(scope, max_steps, loop)
        self._patches = Patches()
        self._owner = _get_ident()

    def _forget_run(self) -> None:
        super()._forget_run()
        self.faults: list[Fault] = []

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
        self.faults.append(fault)
