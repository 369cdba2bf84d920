"""A lock of multiprocessing is made to be shared, and a Pool refuses to pass it to a task.

As an argument of `Process` the lock works under every start method: it is handed over while the
child is being started, along with the handles that make it the same lock there. A task comes later,
through a pipe, when only plain data can cross. So do a Queue, an Event and a Value refuse.

A worker is started too, so its initializer may bring the lock, and put it into a global of the
worker. Where workers must get at a lock or a queue later than that, a Manager has some that are
passed as names, at the price of a process of its own.

    pytest -p pytest_concurrency examples/c02_pickling/test_11_locks_for_a_pool.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.join takes none


@contextmanager
def pool_of_one(mp_context: Any, *arguments: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1, *arguments)
    try:
        yield pool
    finally:
        pool.close()
        pool.join()


def is_free(lock: Any) -> bool:
    return bool(lock.acquire(False))


@pytest.mark.hazard(
    "mp-object-through-pool-args",
    raises=RuntimeError,
    match="Lock objects should only be shared between processes through inheritance",
    why="such a lock can be handed over only while a process starts, and this worker runs already",
)
def test_a_lock_cannot_be_an_argument_of_a_task(mp_context: Any) -> None:
    lock = mp_context.Lock()
    with pool_of_one(mp_context) as pool:
        assert pool.apply_async(is_free, (lock,)).get(timeout=30)


lock_of_all: Any = None


def keep(lock: Any) -> None:
    global lock_of_all
    lock_of_all = lock


def is_the_kept_one_free() -> bool:
    return is_free(lock_of_all)


@pytest.mark.fix("mp-object-through-pool-args")
def test_an_initializer_brings_the_lock_when_the_worker_starts(mp_context: Any) -> None:
    lock = mp_context.Lock()
    with lock, pool_of_one(mp_context, keep, (lock,)) as pool:
        assert not pool.apply_async(is_the_kept_one_free).get(timeout=30)  # it is the same lock


# See also: c02_pickling/test_05_files_and_locks.py, for the same lock as an argument of Process.
