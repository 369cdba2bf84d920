"""Every order in which the tasks of a program can take their steps: a reference for the corpus.

The tasks, locks and events are asyncio's own, on a loop that lets the search choose among its ready
handles. Each of them is the next step of one task: from one await that suspends to the next. The
first handle is the one that asyncio itself would run.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from tests.corpus.programs import Finding
from tests.corpus.shared import TaskShape

_ACTOR: ContextVar[int] = ContextVar("_ACTOR")


class Loop:
    """An event loop that whoever drives it runs, a step of one actor at a time.

    It has what tasks and the primitives of asyncio ask of a loop while nothing needs a clock.

    Attributes:
        ready: What is to run next of each actor that can go on, in asyncio's own order.
        errors: What asyncio would have logged.
    """

    def __init__(self) -> None:
        self.ready: dict[int, asyncio.Handle] = {}
        self.errors: list[dict[str, Any]] = []

    @property
    def for_asyncio(self) -> asyncio.AbstractEventLoop:
        return cast("asyncio.AbstractEventLoop", self)

    def start(self, actor: int, coroutine: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Makes a task, and its context tell which actor it is."""

        def make() -> asyncio.Task[object]:
            _ACTOR.set(actor)
            return asyncio.Task(coroutine, loop=self.for_asyncio)

        return contextvars.copy_context().run(make)

    def step(self, actor: int) -> None:
        """Runs an actor up to its next await that suspends."""
        self.ready.pop(actor)._run()

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        assert context is not None, "what is no step of a task has no place in an order"
        actor = context[_ACTOR]
        assert actor not in self.ready, f"actor {actor} has two things to do next"
        handle = asyncio.Handle(callback, args, self.for_asyncio, context)
        self.ready[actor] = handle
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self.for_asyncio)

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)


@dataclass
class Run:
    """What one order came to.

    Attributes:
        order: The actors, in the order of their steps.
        options: Who could have taken each step, in asyncio's own order.
    """

    finding: Finding | None = None
    error: BaseException | None = None
    order: list[int] = field(default_factory=list)
    options: list[list[int]] = field(default_factory=list)


def run(program: TaskShape[Any], prefix: Sequence[int]) -> Run:
    """Runs the program with these first steps, and in asyncio's own order after them."""
    setup, actors, check = program
    result = Run()
    loop = Loop()
    asyncio._set_running_loop(loop.for_asyncio)
    try:
        state = setup()
        tasks = [loop.start(number, actor(state)) for number, actor in enumerate(actors)]
        while loop.ready and result.error is None:
            options = _distinct(loop.ready, result.order, actors)
            number = len(result.order)
            actor = prefix[number] if number < len(prefix) else options[0]
            result.order.append(actor)
            result.options.append(options)
            loop.step(actor)
            if tasks[actor].done():
                result.error = tasks[actor].exception()
        waiting = [task for task in tasks if not task.done()]
        if result.error is not None:
            result.finding = "exception"
        elif waiting:
            result.finding = "deadlock"
        elif not check(state):
            result.finding = "check"
        _unwind(loop, waiting)
    finally:
        asyncio._set_running_loop(None)
    assert not loop.errors, loop.errors
    return result


def explore(program: TaskShape[Any], departures: int | None = None) -> Iterator[Run]:
    """Yields a run for every order, asyncio's own first; an error ends an order early.

    Of actors that do the same, those that have not begun do so in the order of their numbers: any
    other order is one of these by other names.

    Args:
        program: `setup`, the coroutine functions and `check`.
        departures: Only orders in which at most so many steps are not the one that asyncio would
            take next; all orders if it is None.
    """
    prefixes: list[tuple[int, list[int]]] = [(0, [])]
    while prefixes:
        departed, prefix = prefixes.pop()
        result = run(program, prefix)
        if departures is None or departed < departures:
            for number in range(len(prefix), len(result.order)):
                for other in result.options[number][1:]:
                    prefixes.append((departed + 1, [*result.order[:number], other]))
        yield result


def _distinct(
    ready: dict[int, asyncio.Handle], order: list[int], actors: Sequence[object]
) -> list[int]:
    """Returns those who can go on, but of equal actors that have not begun only the first."""
    fresh: set[object] = set()
    options = []
    for actor in ready:
        if actor not in order:
            if actors[actor] in fresh:
                continue
            fresh.add(actors[actor])
        options.append(actor)
    return options


def _unwind(loop: Loop, waiting: list[asyncio.Task[object]]) -> None:
    """Ends the tasks of a run that is over."""
    for task in waiting:
        task.cancel()
    while loop.ready:
        loop.step(next(iter(loop.ready)))
    for task in waiting:
        assert task.cancelled(), f"{task} does not end"
