"""A decorated function answers to its wrapper's name, and cannot be found by it.

A decorator that announces each call works in every test, and under fork. Then the function is to
run in a child that is spawned, or in a Pool, and it cannot be pickled. For `square` now means the
wrapper that the decorator returned, and the wrapper calls itself `announced.<locals>.wrapper`: a
function inside another, that nobody can look up. The decorator with which one tutorial measures
times has this flaw.

`functools.wraps` gives the wrapper the name of the function it wraps. The name then leads to the
wrapper, because decorating has put it there, and that is what pickle checks: whatever it finds
under the name must be the very object that is sent.

So wraps is no help when the wrapper is kept under another name. Both functions then say "cube", and
the name leads to the one without the wrapper.

    pytest -p pytest_concurrency examples/c02_pickling/test_04_decorated.py --hazards=fail
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from pytest_concurrency import assert_picklable

NOT_FOUND_BY_NAME = pickle.PicklingError if sys.version_info >= (3, 14) else AttributeError


def announced(function: Callable[[int], int]) -> Callable[[int], int]:
    def wrapper(number: int) -> int:
        print(f"calling {function.__name__}({number})")
        return function(number)

    return wrapper


def announced_with_wraps(function: Callable[[int], int]) -> Callable[[int], int]:
    return wraps(function)(announced(function))


def run_child(mp_context: Any, target: Any) -> None:
    child = mp_context.Process(target=target, args=(3,))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


@announced
def square(number: int) -> int:
    return number**2


@pytest.mark.hazard(
    "decorated-without-wraps-unpicklable",
    raises=NOT_FOUND_BY_NAME,
    match=r"Can't (pickle|get) local object[\s\S]*put @functools.wraps",
    under=("spawn", "forkserver"),
    why="square is the wrapper now, and its name, announced.<locals>.wrapper, leads nowhere",
)
def test_a_decorated_function_starts_under_fork_only(mp_context: Any) -> None:
    run_child(mp_context, square)


@announced_with_wraps
def square_with_wraps(number: int) -> int:
    return number**2


@pytest.mark.fix("decorated-without-wraps-unpicklable")
def test_functools_wraps_gives_the_wrapper_a_name_to_be_found_by(mp_context: Any) -> None:
    run_child(mp_context, square_with_wraps)


def cube(number: int) -> int:
    return number**3


announced_cube = announced_with_wraps(cube)


@pytest.mark.hazard(
    "wrapped-under-another-name",
    raises=pickle.PicklingError,
    match="not the same object as .*cube",
    why="the wrapper says that it is 'cube', and under that name is the function it wraps",
)
def test_a_wrapper_kept_under_another_name_cannot_be_sent() -> None:
    assert announced_cube(3) == 27
    pickle.dumps(announced_cube)


@announced_with_wraps
def power(number: int) -> int:
    return number**3


@pytest.mark.fix("wrapped-under-another-name")
def test_a_wrapper_that_takes_the_place_of_its_function_is_found() -> None:
    assert assert_picklable(power) is power


def cube_with_announcement(number: int) -> int:
    return announced_cube(number)


@pytest.mark.fix("wrapped-under-another-name")
def test_a_function_of_the_module_that_calls_the_wrapper_is_found() -> None:
    assert assert_picklable(cube_with_announcement)(3) == 27


# See also: c02_pickling/test_02_functions_by_name.py, for functions that are made by functions.
