"""A lambda works as the target of a Process, and then, on another machine, it does not.

Under fork the child is a copy of the parent and has the lambda already. Under spawn and forkserver
it is sent: functions are pickled by name, and a lambda has none. Python 3.14 made forkserver the
default on Linux, so code that has always worked stops there.

A Pool sends every task through a pipe to workers that run already, so it needs to pickle the
function under each start method, fork too.

One tutorial expects a TypeError of a lambda; that is what a lock or a socket raises. A lambda
written inside a function raises AttributeError up to Python 3.13, and PicklingError from 3.14.

    pytest -p pytest_concurrency examples/c02_pickling/test_01_lambda.py --hazards=fail
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pickle import PicklingError
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # neither Pool.map nor Pool.join takes one

NOT_FOUND_BY_NAME = PicklingError if sys.version_info >= (3, 14) else AttributeError
CANNOT_BE_SENT = r"Can't (pickle|get) local object[\s\S]*is a lambda"


def greet(name: str = "you") -> None:
    print("hello,", name)


def scale(factor: int, number: int) -> int:
    return factor * number


def double(number: int) -> int:
    return scale(2, number)


def run_child(mp_context: Any, target: Any) -> None:
    child = mp_context.Process(target=target)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


@contextmanager
def pool_of_one(mp_context: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1)
    try:
        yield pool
    finally:
        pool.close()
        pool.join()


@pytest.mark.hazard(
    "lambda-under-spawn",
    raises=NOT_FOUND_BY_NAME,
    match=CANNOT_BE_SENT,
    under=("spawn", "forkserver"),
    why="a target is sent to the child by its name, and a lambda has no name to be found by",
)
def test_a_lambda_as_target_starts_under_fork_only(mp_context: Any) -> None:
    run_child(mp_context, lambda: greet("Ann"))


@pytest.mark.fix("lambda-under-spawn")
def test_a_function_of_the_module_starts_everywhere(mp_context: Any) -> None:
    run_child(mp_context, greet)


@pytest.mark.fix("lambda-under-spawn")
def test_a_partial_of_such_a_function_starts_everywhere(mp_context: Any) -> None:
    run_child(mp_context, partial(greet, "Ann"))


@pytest.mark.hazard(
    "pool-rejects-lambda-everywhere",
    raises=NOT_FOUND_BY_NAME,
    match=CANNOT_BE_SENT,
    why="each task goes to a running worker through a pipe, and is pickled whatever started it",
)
def test_a_pool_refuses_a_lambda_under_fork_too(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        assert pool.map(lambda number: 2 * number, [1, 2]) == [2, 4]


@pytest.mark.fix("pool-rejects-lambda-everywhere")
def test_a_pool_takes_a_function_of_the_module(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        assert pool.map(double, [1, 2]) == [2, 4]


@pytest.mark.fix("pool-rejects-lambda-everywhere")
def test_a_pool_takes_a_partial_of_such_a_function(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        assert pool.map(partial(scale, 2), [1, 2]) == [2, 4]


# See also: c01_separate_memory/test_01_globals_not_shared.py, for what else fork copies.
