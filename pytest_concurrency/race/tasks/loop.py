"""An event loop that asks a scheduler who goes on, and has a virtual clock."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
from asyncio import events, futures
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_concurrency.errors import message

if TYPE_CHECKING:
    from pytest_concurrency.race.tasks.driver import TaskScheduler

__all__ = ["EventLoop"]

_wakes_sleeper = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
# The names of the steps of tasks; those that asyncio does in C have a type of their own, and none.
_STEPS = ("task_wakeup", "__wakeup", "__step")
_step_types: set[type] = set()
_NOT_MODELLED = (
    *("add_reader", "remove_reader", "add_writer", "remove_writer", "add_signal_handler"),
    *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall"),
    *("sock_sendto", "sock_connect", "sock_accept", "sock_sendfile", "sendfile", "start_tls"),
    *("create_connection", "create_server", "create_datagram_endpoint"),
    *("create_unix_connection", "create_unix_server", "connect_accepted_socket"),
    *("connect_read_pipe", "connect_write_pipe", "subprocess_shell", "subprocess_exec"),
)


class EventLoop(asyncio.BaseEventLoop):
    """Has no queue of its own: whatever is scheduled goes to the actor that it belongs to.

    It is used again and again, also by one scheduler after the other, so that a lock that lives
    longer than a run is not bound to another loop.

    Attributes:
        scheduler: Who decides; None while no run is on.
        must_watch: Whether what tasks do between their awaits matters: there was a thread beside
            them in a run, or one did not come to an await.
        abandoned: Whether its thread was given up in a call that blocks, so that another loop has
            to take its place.
    """

    must_watch = False
    abandoned = False

    scheduler: TaskScheduler | None = None

    def __init__(self) -> None:
        super().__init__()
        self._logged: set[str] = set()

    @contextlib.contextmanager
    def running(self, scheduler: TaskScheduler) -> Iterator[None]:
        """Is the running loop of this thread for a run."""
        self.scheduler = scheduler
        self._asyncgens_shutdown_called = False
        self._default_executor: Any = None
        self._executor_shutdown_called = False
        self._exception_handler = None
        self._task_factory = None
        self._thread_id = threading.get_ident()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook,  # type: ignore[attr-defined]
            finalizer=self._asyncgen_finalizer_hook,  # type: ignore[attr-defined]
        )
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
            self._thread_id = None  # type: ignore[assignment]
            self._default_executor = None
            self.scheduler = None

    def abandon(self) -> None:
        """Gives up the loop: its thread is in a call that blocks, and finds it closed later."""
        self.abandoned = True
        self.scheduler = None
        self._thread_id = None  # type: ignore[assignment]
        self.close()

    def open(self) -> None:
        """Can be used again after `close`."""
        self._closed = False

    def _scheduler(self) -> TaskScheduler:
        if self.scheduler is None:
            raise RuntimeError("Event loop is closed")
        return self.scheduler

    def call_soon(  # type: ignore[override]
        self,
        callback: Any,
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle | None:
        """Gives a callback to its actor; for the step of a task, returns nothing that is used."""
        scheduler = self._scheduler()
        if type(callback) in _step_types or _is_step(callback):
            step = callback, args, contextvars.copy_context() if context is None else context
            scheduler.give_step(callback.__self__, step)
            return None
        handle = asyncio.Handle(callback, args, self, context)
        scheduler.give_callback(handle, callback)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Gives a callback to its actor, from any thread."""
        handle = asyncio.Handle(callback, args, self, context)
        self._scheduler().give_callback(handle, callback)
        return handle

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Calls a callback after a time of the virtual clock, in seconds."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self._scheduler().now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Calls a callback at a time of the virtual clock, in seconds."""
        if when is None:
            raise TypeError("when cannot be None")
        return self._scheduler().give_timer(
            when, callback, args, context, sleeps=callback is _wakes_sleeper
        )

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if self.scheduler is not None:
            self.scheduler.forget_timer(handle)

    def time(self) -> float:
        """Returns the virtual time, which begins at 0 and passes where the user's code looks."""
        if self.scheduler is None:
            return 0.0
        return self.scheduler.look_at_clock(sys._getframe(1).f_code)

    def create_future(self) -> asyncio.Future[Any]:
        """Makes a future at whose exception somebody should look."""
        future = super().create_future()
        if self.scheduler is not None:
            self.scheduler.note_future(future)
        return future

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Makes a finding of what asyncio would only log; logs what belongs to no run any more."""
        if self.scheduler is not None:
            self.scheduler.note_unhandled(context)
            return
        what = f"{context.get('message')}: {context.get('exception')!r}"
        if what not in self._logged:
            # Each run might say the same.
            self._logged.add(what)
            super().default_exception_handler(context)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Runs a function in a pool whose threads are actors of this run.

        Raises:
            NotImplementedError: The pool is older than the run, or has no threads.
        """
        scheduler = self._scheduler()
        threads = () if executor is None else getattr(executor, "_threads", (None,))
        if any(getattr(each, "_race_actor", None) not in scheduler.actors for each in threads):
            error = NotImplementedError(
                message(
                    "race.tasks() cannot follow a pool that was made before the run, or one of "
                    f"processes: {type(executor).__name__}",
                    next_step="make a ThreadPoolExecutor in `setup` or in the actor, or give None",
                )
            )
            scheduler.break_off(error)
            raise error
        return super().run_in_executor(executor, func, *args)

    def stop(self) -> None:
        """Cannot be followed: the loop is ours."""
        self._refuse("stop")

    def _refuse(self, name: str) -> NoReturn:
        error = NotImplementedError(
            message(
                f"race.tasks() cannot follow loop.{name}(): only what happens inside of this "
                "process is modelled",
                cause="does the code open a socket, a pipe or a subprocess, or install a signal "
                "handler?",
                next_step="give the actors a stand-in for it, built from asyncio's primitives",
            )
        )
        if self.scheduler is not None:
            self.scheduler.break_off(error)
        raise error


def _is_step(callback: Any) -> bool:
    """Tells whether a callback is the step of a task, not something that a user has scheduled."""
    if not asyncio.isfuture(getattr(callback, "__self__", None)):
        return False
    name = getattr(callback, "__name__", None)
    if name is None:
        _step_types.add(type(callback))
    return name is None or name in _STEPS


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refused(self: EventLoop, *_args: object, **_options: object) -> NoReturn:
        self._refuse(name)

    refused.__name__ = name
    return refused


for _name in _NOT_MODELLED:
    setattr(EventLoop, _name, _refusing(_name))
