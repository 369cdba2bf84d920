"""Checks what a user asks of the race detector, and says what is wrong with it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from functools import partial
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from pytest_concurrency.errors import message

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

__all__ = [
    "checked_actors",
    "checked_tasks",
    "context_of",
    "is_async",
    "name_of",
    "no_loop_runs",
    "positive",
]

# A mistake is shown where the user made it.
__tracebackhide__ = True


def checked_actors(
    actors: Sequence[Any], copies: int, where: str
) -> tuple[Callable[..., object], ...]:
    """Returns the actors, each as often as asked.

    Args:
        actors: What the user gave.
        copies: How often each of them runs side by side.
        where: The name of the method that they were given to.

    Raises:
        TypeError: One cannot be called, or is a coroutine function.
        ValueError: There are none.
    """
    _can_be_called(actors, where)
    for actor in actors:
        if is_async(actor):
            raise TypeError(
                message(
                    f"{name_of(actor)} is an async function, and {where}() runs plain ones",
                    evidence="calling it in a thread makes a coroutine that nobody awaits",
                    next_step=f"race.tasks({name_of(actor)}, ...)",
                )
            )
    positive(copies, "copies")
    return tuple(actor for actor in actors for _ in range(copies))


def checked_tasks(actors: Sequence[Any], copies: int) -> tuple[Callable[..., object], ...]:
    """Returns the actors of `tasks`, each as often as asked.

    Args:
        actors: What the user gave.
        copies: How often each of them runs side by side.

    Raises:
        TypeError: One cannot be called, or is no coroutine function.
        ValueError: There are none.
    """
    for actor in actors:
        if inspect.iscoroutine(actor):
            name = actor.__name__
            actor.close()
            raise TypeError(
                message(
                    f"an actor of tasks() is a coroutine that was called already: {name}(...)",
                    evidence="every run needs a coroutine of its own",
                    next_step=f"tasks({name}), not tasks({name}())",
                )
            )
    _can_be_called(actors, "tasks")
    for actor in actors:
        # What a lambda returns is seen when it is called.
        if not is_async(actor) and getattr(actor, "__name__", "") != "<lambda>":
            raise TypeError(
                message(
                    f"{name_of(actor)} is a plain function, and tasks() runs async ones",
                    evidence="a plain function has no await, so no other task can come between",
                    next_step=f"write `async def {name_of(actor).rpartition('.')[2]}`, or give it "
                    "to race.threads()",
                )
            )
    positive(copies, "copies")
    return tuple(actor for actor in actors for _ in range(copies))


def is_async(actor: Any) -> bool:
    """Tells whether calling an actor makes a coroutine."""
    while isinstance(actor, partial):
        actor = actor.func
    return inspect.iscoroutinefunction(actor) or inspect.iscoroutinefunction(
        getattr_static(type(actor), "__call__", None)
    )


def no_loop_runs(where: str) -> None:
    """Checks that no event loop is running in this thread.

    Raises:
        RuntimeError: One is, and a race that waits for its own loop would block it.
    """
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return
    raise RuntimeError(
        message(
            f"race.{where}() runs an event loop of its own, and one is running here already",
            evidence="the tasks of the running loop would stand still until the race is over",
            cause="is the test async, or marked for pytest-asyncio or anyio?",
            next_step=f"call race.{where}() in a plain `def` test, without such a marker",
        )
    )


def _can_be_called(actors: Sequence[Any], where: str) -> None:
    if not actors:
        raise ValueError(
            message(
                f"{where}() was called without an actor, so there is nothing to run",
                next_step=f"{where}(first_function, second_function, setup=..., check=...)",
            )
        )
    for actor in actors:
        if not callable(actor):
            raise TypeError(
                message(
                    f"an actor of {where}() cannot be called: {actor!r}",
                    cause="was the function called, instead of given?",
                    next_step=f"{where}(function), not {where}(function())",
                )
            )


def context_of(start_method: str | None) -> BaseContext:
    """Returns the multiprocessing context of a start method.

    Args:
        start_method: Its name; None for the default of this Python, which is not settled by that.

    Raises:
        ValueError: This platform lacks it, or nobody knows it.
    """
    import multiprocessing

    available = multiprocessing.get_all_start_methods()
    if start_method is None:
        settled: str | None = multiprocessing.get_start_method(allow_none=True)
        return multiprocessing.get_context(settled or available[0])
    if start_method not in available:
        raise ValueError(
            message(
                f"start method {start_method!r} is not available here",
                evidence=f"this platform has: {', '.join(available)}",
                next_step='start_method="spawn" works everywhere',
            )
        )
    return multiprocessing.get_context(start_method)


def name_of(actor: Any) -> str:
    """Returns what to call an actor."""
    while hasattr(actor, "func"):
        actor = actor.func
    name = getattr(actor, "__qualname__", type(actor).__qualname__)
    return str(name).rpartition("<locals>.")[2]


def positive(value: Any, name: str) -> int:
    """Returns a whole number of at least 1.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number of at least 1, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return value
