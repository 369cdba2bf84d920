"""What runs on the event loop: tasks, and the callbacks that a task has scheduled."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.actors import Actor, ThreadWorker
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.tasks.awaits import Awaits, code_of

if TYPE_CHECKING:
    import threading

__all__ = [
    "Callbacks",
    "OnLoop",
    "TaskActor",
    "Timer",
    "function_of",
    "is_asyncios",
    "name_of_coroutine",
]

# So often in a row an actor may come to the same place before it counts as one that polls.
_POLLS = 20

Step = tuple[Callable[..., object], tuple[object, ...], contextvars.Context]


class Timer(asyncio.TimerHandle):
    """What `call_later` and `call_at` return; it knows whose it is."""

    __slots__ = ("owner",)

    owner: OnLoop


class OnLoop(Actor):
    """An actor that runs on the event loop, from await to await.

    Attributes:
        begun: Whether it has come to its first step.
        fired: Whether its time is up, and what was to happen then has not happened yet.
        spins: How often in a row it has come to the same place, and nobody else went on.
        turn: In which stretch of the run it came to a place last.
        woken: When it became able to go on, in virtual seconds.
        ticket: Its place among those that became able to go on.
    """

    __slots__ = ("begun", "fired", "spins", "ticket", "turn", "woken")

    def __init__(
        self, index: int, path: str, worker: ThreadWorker, thread: threading.Thread, daemon: bool
    ) -> None:
        super().__init__(index, path, _nothing, worker, thread, daemon)
        self.begun = False
        self.fired = False
        self.spins = 0
        self.turn = -1
        self.woken = 0.0
        self.ticket = 0

    @property
    def polls(self) -> bool:
        """Whether it comes to the same place again and again, and nobody else goes on."""
        return self.spins >= _POLLS

    @property
    def is_ready(self) -> bool:
        """Whether it can go on without a timeout."""
        raise NotImplementedError

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        raise NotImplementedError

    @property
    def due(self) -> float | None:
        """When it can go on although nobody wakes it, in virtual seconds; None for never."""
        raise NotImplementedError

    def first_place(self, awaits: Awaits) -> Operation:
        """Returns the operation that its first step is."""
        raise NotImplementedError

    def place(self, awaits: Awaits) -> Operation:
        """Returns the operation that comes next."""
        raise NotImplementedError

    def fire(self) -> None:
        """Does what was to happen when its time is up."""
        raise NotImplementedError

    def run(self) -> None:
        """Goes on up to the next await."""
        raise NotImplementedError


class TaskActor(OnLoop):
    """A task.

    Attributes:
        task: The task.
        step: Its next step; None if it waits.
        sleep: The timer that ends its `asyncio.sleep`.
        given: Whether it is one of the actors that were given, not started by another.
    """

    __slots__ = ("_called", "given", "sleep", "step", "task")

    def __init__(
        self,
        index: int,
        path: str,
        worker: ThreadWorker,
        thread: threading.Thread,
        task: asyncio.Task[Any],
        given: bool,
    ) -> None:
        super().__init__(index, path, worker, thread, not given)
        self.task = task
        self.step: Step | None = None
        self.sleep: Timer | None = None
        self.given = given
        self._called = name_of_coroutine(task.get_coro())

    @property
    def name(self) -> str:
        """The name of its coroutine."""
        return self._called

    @property
    def is_ready(self) -> bool:
        """Whether it has a step to do."""
        return self.step is not None

    @property
    def is_done(self) -> bool:
        """Whether the task is done."""
        return self.task.done()

    @property
    def due(self) -> float | None:
        """When its sleep ends."""
        return None if self.sleep is None else self.sleep.when()

    def first_place(self, awaits: Awaits) -> Operation:
        """Returns where its coroutine begins, or stands already if it was started eagerly."""
        coroutine = self.task.get_coro()
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None and frame.f_lasti >= 0 and getattr(coroutine, "cr_await", None):
            return awaits.of(coroutine, "await")
        return awaits.beginning(code_of(coroutine))

    def place(self, awaits: Awaits) -> Operation:
        """Returns the await at which it stands."""
        return awaits.of(self.task.get_coro(), "wait" if self.step is None else "await")

    def fire(self) -> None:
        """Ends its sleep."""
        timer, self.sleep = self.sleep, None
        if timer is not None and not timer.cancelled():
            timer._run()

    def run(self) -> None:
        """Does its next step."""
        step, self.step = self.step, None
        if step is not None:
            callback, arguments, context = step
            context.run(callback, *arguments)


class Callbacks(OnLoop):
    """The callbacks that one actor has scheduled: in order, and its timers at their times.

    Attributes:
        handles: What `call_soon` was called with.
        timers: What `call_later` and `call_at` were called with, the earliest first.
    """

    __slots__ = ("_owner", "handles", "timers")

    def __init__(
        self, index: int, path: str, worker: ThreadWorker, thread: threading.Thread, owner: Actor
    ) -> None:
        super().__init__(index, path, worker, thread, daemon=True)
        self.handles: deque[asyncio.Handle] = deque()
        self.timers: list[tuple[float, int, Timer]] = []
        self._owner = owner

    @property
    def name(self) -> str:
        """Whose callbacks they are."""
        return f"callbacks of actor {self._owner.path}"

    @property
    def is_ready(self) -> bool:
        """Whether there is a callback to call now."""
        while self.handles and self.handles[0].cancelled():
            self.handles.popleft()
        return bool(self.handles)

    @property
    def is_done(self) -> bool:
        """It never is: more may be scheduled."""
        return False

    @property
    def due(self) -> float | None:
        """When the earliest timer is due.

        A task that has been woken in time is not late: its own timeouts do not win any more, unless
        it polls.
        """
        while self.timers and self.timers[0][2].cancelled():
            heapq.heappop(self.timers)
        if not self.timers:
            return None
        due, owner = self.timers[0][0], self._owner
        if isinstance(owner, TaskActor) and owner.step and due > owner.woken and not owner.polls:
            return None
        return due

    def first_place(self, awaits: Awaits) -> Operation:
        """Returns the function that is called first."""
        return self.place(awaits)

    def place(self, awaits: Awaits) -> Operation:
        """Returns the function that is called next."""
        if self.is_ready:
            return awaits.beginning(_code_called(self.handles[0]))
        if self.due is not None:
            return awaits.beginning(_code_called(self.timers[0][2]), "wait")
        return awaits.beginning(_nothing.__code__, "wait")

    def fire(self) -> None:
        """Puts the timer that is due before the other callbacks."""
        if self.due is not None:
            self.handles.appendleft(heapq.heappop(self.timers)[2])

    def run(self) -> None:
        """Calls the next one."""
        if self.is_ready:
            self.handles.popleft()._run()


def name_of_coroutine(coroutine: object) -> str:
    """Returns what to call a coroutine: the name of its function."""
    return str(getattr(coroutine, "__qualname__", "task")).rpartition("<locals>.")[2]


def function_of(callback: Any) -> Any:
    """Returns the function behind partial objects and bound methods."""
    while hasattr(callback, "func"):
        callback = callback.func
    return getattr(callback, "__func__", callback)


def is_asyncios(value: object) -> bool:
    """Tells whether a value is a function of asyncio's own."""
    return isinstance(value, FunctionType) and str(value.__module__).startswith("asyncio.")


def _code_called(handle: asyncio.Handle) -> CodeType:
    function = function_of(handle._callback)  # type: ignore[attr-defined]
    return function.__code__ if isinstance(function, FunctionType) else _nothing.__code__


def _nothing() -> None:
    """Stands for what is not written in Python."""
