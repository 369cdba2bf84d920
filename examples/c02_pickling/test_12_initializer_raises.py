"""An initializer fails, the Pool starts worker after worker, and the task waits for ever.

The database is down, and the initializer, which connects to it, raises. One expects the error, or
at least an end. But a Pool sees only that a worker has ended, and starts the next, which fails like
the one before; none comes to the task, and nobody is told. The tracebacks go to the standard error
of workers, one for each, and would fill it. (Here they are suppressed: how many there are is a
matter of time.)

An executor gives up: each task raises a BrokenProcessPool, and the log has the initializer's error.
With a Pool, catch the error in the initializer and let the task raise it.

    pytest -p pytest_concurrency examples/c02_pickling/test_12_initializer_raises.py --hazards=fail
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.join and shutdown take none


@contextmanager
def pool_of_one(mp_context: Any, initializer: Any, *arguments: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1, initializer, arguments)
    try:
        yield pool
    finally:
        pool.terminate()  # close() would wait for the task
        pool.join()


def connect() -> None:
    raise ConnectionError("the database is down")


def connect_in_silence(attempts: Any) -> None:
    attempts.put(os.getpid())
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, until the worker ends
    connect()


def ask() -> str:
    return "an answer"


@pytest.mark.hazard(
    "initializer-raises",
    match="the task still waits",
    why="each worker ended in its initializer, and the Pool replaced it by one that did the same",
)
def test_a_pool_replaces_its_workers_for_ever(mp_context: Any) -> None:
    attempts = mp_context.SimpleQueue()
    with pool_of_one(mp_context, connect_in_silence, attempts) as pool:
        task = pool.apply_async(ask)
        assert attempts.get() != attempts.get()  # two workers came, and the first is gone
        assert task.ready(), (
            "connect() raises in each worker, nobody is told, and the task still waits"
        )


@pytest.mark.fix("initializer-raises")
def test_an_executor_gives_up_and_says_so(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context, initializer=connect) as executor:
        task = executor.submit(ask)
        with pytest.raises(BrokenProcessPool):
            task.result(timeout=30)


problem: Exception | None = None


def try_to_connect() -> None:
    global problem
    try:
        connect()
    except ConnectionError as error:
        problem = error


def ask_if_connected() -> str:
    if problem is not None:
        raise problem
    return "an answer"


@pytest.mark.fix("initializer-raises")
def test_a_task_tells_what_its_worker_could_not_do(mp_context: Any) -> None:
    with pool_of_one(mp_context, try_to_connect) as pool:
        task = pool.apply_async(ask_if_connected)
        with pytest.raises(ConnectionError, match="the database is down"):
            task.get(timeout=30)


# See also: c02_pickling/test_10_initializer.py, for an initializer that does not fail.
