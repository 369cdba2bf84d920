"""Checks what a user asks of the race detector, and says what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pytest_concurrency.errors import message

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

__all__ = ["checked_actors", "context_of", "name_of", "positive"]

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
        if inspect.iscoroutinefunction(actor):
            raise TypeError(
                message(
                    f"{name_of(actor)} is an async function, and {where}() runs plain ones",
                    evidence="calling it in a thread makes a coroutine that nobody awaits",
                    next_step="give a function that calls asyncio.run(...)",
                )
            )
    positive(copies, "copies")
    return tuple(actor for actor in actors for _ in range(copies))


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
