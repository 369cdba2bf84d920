"""Checks what a user asks of the race detector, and says what is wrong with it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

from pytest_concurrency.errors import message

__all__ = ["checked_actors", "name_of", "parse_budget", "positive", "probability"]

_BUDGET = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, None: 1.0}


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


def probability(value: Any, name: str) -> float:
    """Returns a number between 0 and 1, both excluded.

    Raises:
        TypeError: It is no number.
        ValueError: It is not in between.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number between 0 and 1, not {value!r}")
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, such as 0.95, not {value!r}")
    return float(value)


def parse_budget(value: Any, name: str = "budget") -> float:
    """Returns a time in seconds.

    Args:
        value: A number of seconds, or a text such as "2s", "500ms" or "1.5min".
        name: What to call it in an error.

    Raises:
        ValueError: It is none of these, or not more than 0.
    """
    seconds = 0.0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        match = _BUDGET.fullmatch(value.strip())
        if match:
            seconds = float(match[1]) * _SECONDS[match[2]]
    if not seconds > 0:
        raise ValueError(f'{name} must be a time such as 2, "2s", "500ms" or "1min", not {value!r}')
    return seconds
