"""A decorator runs the function at once, and puts nothing in its place.

`@timed` above a function means `test = timed(test)`: whatever the decorator returns has the name
from then on. One tutorial explains it as the same as `timed(test)`, and forgets the assignment;
then a decorator that simply calls the function looks right. It is called once, when the file is
read, and the name stands for None. If the function has parameters, reading the file fails.

A decorator that returns a wrapper can still lose something: what the function returns. The wrapper
is what is called, and a function without `return` returns None.

    pytest -p pytest_concurrency examples/c10_*/test_01_decorator_returns_none.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

Function = Callable[..., Any]


def timed_at_once(function: Function) -> Any:
    start = perf_counter()
    function()
    print(f"{function.__name__} took {perf_counter() - start:.0f} s")


def timed(function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        result = function(*args, **kwargs)
        print(f"{function.__name__} took {perf_counter() - start:.0f} s")
        return result

    return wrapper


@pytest.mark.hazard(
    "decorator-returns-none",
    raises=TypeError,
    match="'NoneType' object is not callable",
    why="what a decorator returns takes the name, and this one returns nothing",
)
def test_the_name_stands_for_none() -> None:
    greetings = []

    @timed_at_once
    def greet() -> None:
        greetings.append("hello")

    assert greetings == ["hello"]  # already, and nobody has called it
    greet()
    assert greetings == ["hello", "hello"]


@pytest.mark.fix("decorator-returns-none")
def test_a_wrapper_that_is_returned_runs_when_it_is_called() -> None:
    greetings = []

    @timed
    def greet() -> None:
        greetings.append("hello")

    assert greetings == []
    greet()
    assert greetings == ["hello"]


@pytest.mark.fix("decorator-returns-none")
def test_a_function_with_parameters_shows_the_mistake_at_once() -> None:
    def double(number: int) -> int:
        return 2 * number

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'number'"):
        timed_at_once(double)
    assert timed(double)(21) == 42


def timed_and_forgetful(function: Function) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        function(*args, **kwargs)
        print(f"{function.__name__} took {perf_counter() - start:.0f} s")

    return wrapper


@pytest.mark.hazard(
    "decorator-drops-return-value",
    match="the decorated one None",
    why="the wrapper is what is called, and it has no return",
)
def test_the_wrapper_keeps_the_result_to_itself() -> None:
    def double(number: int) -> int:
        return 2 * number

    plain, decorated = double(21), timed_and_forgetful(double)(21)
    assert decorated == plain, f"the function returned {plain}, the decorated one {decorated}"


@pytest.mark.fix("decorator-drops-return-value")
def test_a_wrapper_returns_what_the_function_returned() -> None:
    @timed
    def double(number: int) -> int:
        return 2 * number

    assert double(21) == 42


# See also: c10_decorators_and_classes/test_02_decorator_times_nothing.py, for what is left to lose.
