"""A decorator measures a function, takes its name away, and often measures nothing.

The tutorials' decorator returns a wrapper, and the wrapper is another function: its name is
`wrapper`, it has no docstring, and its signature is `(*args, **kwargs)`. Every traceback and every
help text then speaks of `wrapper`, and pickle, which sends a function by its name, does not find it
there. `functools.wraps` copies what belongs to the function.

And the wrapper measures how long the call takes. The call of an `async def` function makes a
coroutine and returns, that of a generator function makes a generator; their bodies run later,
unmeasured. If the function raises, the line that prints the time is never reached.

    pytest -p pytest_concurrency examples/c10_*/test_02_decorator_times_nothing.py --hazards=fail
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

Function = Callable[..., Any]


clock = SimpleNamespace(minutes=0, measured=[])  # goes on when somebody works


@pytest.fixture(autouse=True)
def _midnight() -> None:
    clock.minutes, clock.measured = 0, []


def timed(function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = clock.minutes
        result = function(*args, **kwargs)
        clock.measured.append(clock.minutes - start)
        return result

    return wrapper


def timed_to_the_end(function: Function) -> Function:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            start = clock.minutes
            try:
                return await function(*args, **kwargs)
            finally:
                clock.measured.append(clock.minutes - start)

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            start = clock.minutes
            try:
                return (yield from function(*args, **kwargs))
            finally:
                clock.measured.append(clock.minutes - start)

    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            start = clock.minutes
            try:
                return function(*args, **kwargs)
            finally:
                clock.measured.append(clock.minutes - start)

    return wrapper


def brew(minutes: int = 5) -> str:
    """Make tea."""
    clock.minutes += minutes
    return "tea"


@pytest.mark.hazard(
    "decorator-loses-metadata",
    match="is called wrapper, its help is None",
    why="the wrapper is another function, and nobody gave it the name of the one inside",
)
def test_a_decorated_function_forgets_its_name() -> None:
    tea = timed(brew)
    assert (tea.__name__, tea.__doc__) == ("brew", "Make tea."), (
        f"brew is called {tea.__name__}, its help is {tea.__doc__}, "
        f"its signature {inspect.signature(tea)}"
    )


@pytest.mark.fix("decorator-loses-metadata")
def test_wraps_keeps_name_help_and_signature() -> None:
    tea = timed_to_the_end(brew)
    assert (tea.__name__, tea.__doc__) == ("brew", "Make tea.")
    assert str(inspect.signature(tea)) == "(minutes: 'int' = 5) -> 'str'"
    assert inspect.unwrap(tea) is brew


async def brew_async() -> str:
    return brew()


def brew_cups() -> Iterator[str]:
    yield brew(2)
    yield brew(3)


def burn() -> None:
    brew()
    raise ValueError("no water left")


def use_all(decorator: Function) -> list[int]:
    """Five minutes each: a coroutine, a generator, a function that raises."""
    asyncio.run(decorator(brew_async)())
    assert list(decorator(brew_cups)()) == ["tea", "tea"]
    with pytest.raises(ValueError, match="no water left"):
        decorator(burn)()
    measured: list[int] = clock.measured
    return measured


@pytest.mark.hazard(
    "decorator-times-nothing",
    match=r"measured \[0, 0\]",
    why="the wrapper has the time of the call, and the body runs later, or raises",
)
def test_only_the_making_of_coroutine_and_generator_is_measured() -> None:
    measured = use_all(timed)
    assert measured == [5, 5, 5], f"three took five minutes each, the decorator measured {measured}"


@pytest.mark.fix("decorator-times-nothing")
def test_a_wrapper_of_the_same_kind_measures_to_the_end() -> None:
    assert use_all(timed_to_the_end) == [5, 5, 5]


# See also: c10_decorators_and_classes/test_01_decorator_returns_none.py, for the smaller slips.
