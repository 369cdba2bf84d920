"""Leaving `with Pool()` ends the work that is still going on, and its results never come.

After a `with` block a file is closed, and what was written is in it. Of a pool one would expect the
same: that the work is done. But the block ends with `terminate()`, which kills the workers in the
middle of their tasks. A result that was not there by then never comes, and `get()` waits for it for
ever. The `with` of an executor means the opposite: it waits until all is done.

One tutorial says that the pool is closed and no longer available after the block. That is true; it
does not say that the work is gone as well.

    pytest -p pytest_concurrency examples/c07_pools/test_04_leaving_a_with_block.py --hazards=fail
"""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.map and Pool.join take none

signature: Any = None


def share(semaphore: Any) -> None:
    global signature
    signature = semaphore


def write_letter() -> str:
    assert signature.acquire(timeout=30)
    return "Dear Ann"


@pytest.mark.hazard(
    "with-exit-terminates-work",
    match="there is no letter",
    why="leaving the block terminates the pool: its workers are killed in the middle of their work",
)
def test_a_result_does_not_come_once_the_block_is_left(mp_context: Any) -> None:
    given = mp_context.Semaphore(0)
    with mp_context.Pool(1, initializer=share, initargs=(given,)) as pool:
        letter = pool.apply_async(write_letter)
    given.release()  # all that the worker has been waiting for
    letter.wait(timeout=0.1)
    assert letter.ready(), (
        "the block was left while the letter was being written, and there is no letter: "
        "letter.get() would wait for ever"
    )


@pytest.mark.fix("with-exit-terminates-work")
def test_a_result_is_read_inside_the_block(mp_context: Any) -> None:
    given = mp_context.Semaphore(0)
    with mp_context.Pool(1, initializer=share, initargs=(given,)) as pool:
        letter = pool.apply_async(write_letter)
        given.release()
        assert letter.get(timeout=30) == "Dear Ann"


@pytest.mark.fix("with-exit-terminates-work")
def test_close_and_join_at_the_end_of_the_block_wait_for_the_work(mp_context: Any) -> None:
    given = mp_context.Semaphore(0)
    signer = threading.Timer(0.05, given.release)  # a moment later, in a thread
    with mp_context.Pool(1, initializer=share, initargs=(given,)) as pool:
        letter = pool.apply_async(write_letter)
        signer.start()
        pool.close()
        pool.join()
    signer.join(timeout=30)
    assert letter.get(timeout=0) == "Dear Ann"


@pytest.mark.fix("with-exit-terminates-work")
def test_the_with_block_of_an_executor_waits_for_the_work(mp_context: Any) -> None:
    given = mp_context.Semaphore(0)
    with ProcessPoolExecutor(
        1, mp_context=mp_context, initializer=share, initargs=(given,)
    ) as executor:
        letter = executor.submit(write_letter)
        given.release()
    assert letter.result(timeout=0) == "Dear Ann"


@pytest.mark.hazard(
    "pool-used-after-with",
    raises=ValueError,
    match="Pool not running",
    why="the pool ended with its block, and takes no more tasks",
)
def test_a_pool_takes_no_tasks_after_its_block(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        pass
    pool.map(abs, [-1, -2])


@pytest.mark.fix("pool-used-after-with")
def test_a_pool_takes_tasks_in_its_block(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
        assert pool.map(abs, [-3, -4]) == [3, 4]


# See also: test_05_pool_not_joined.py, for a program that ends before its pool.
