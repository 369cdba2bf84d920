"""We give up waiting for a task, and the task is done all the same.

`get(timeout=...)` looks like a limit for the task. It is a limit for our patience only: the worker
knows nothing of it, and works on. So a payment that we gave up and ordered again is made twice.

`get` raises `multiprocessing.TimeoutError`, which is not Python's own `TimeoutError`: an `except
TimeoutError:` without the right import lets it through. The error of `concurrent.futures` has
been Python's own since 3.11.

One tutorial advises to give the methods of a pool a timeout. Most take none, neither `map` nor
`join`; those that hand out a result to wait for do.

    pytest -p pytest_concurrency examples/c07_pools/test_06_giving_up_waiting.py --hazards=fail
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import signal
import sys
import time
from typing import Any

import pytest

bank: Any = None


def open_at(semaphore: Any) -> None:
    global bank
    bank = semaphore


def pay(patience: float) -> str:
    return "paid" if bank.acquire(timeout=patience) else "not paid"


@pytest.mark.hazard(
    "get-timeout-does-not-cancel",
    match="the bill is paid",
    why="the time limit of get() is for the one who waits; the worker knows nothing of it",
)
def test_a_task_that_we_gave_up_is_done_all_the_same(mp_context: Any) -> None:
    opening = mp_context.Semaphore(0)
    with mp_context.Pool(1, initializer=open_at, initargs=(opening,)) as pool:
        bill = pool.apply_async(pay, (30,))
        with pytest.raises(multiprocessing.TimeoutError):
            bill.get(timeout=0.05)
        opening.release()  # the bank opens, after we have given up
        later = bill.get(timeout=30)
    assert later != "paid", f"we gave up after 50 ms, and later the bill is {later}"


@pytest.mark.fix("get-timeout-does-not-cancel")
def test_a_task_that_has_a_limit_of_its_own_gives_up_itself(mp_context: Any) -> None:
    opening = mp_context.Semaphore(0)
    with mp_context.Pool(1, initializer=open_at, initargs=(opening,)) as pool:
        assert pool.apply_async(pay, (0.05,)).get(timeout=30) == "not paid"
        opening.release()
    assert opening.acquire(timeout=0), "nobody was at the bank when it opened"


def pay_at(semaphore: Any, paid: Any) -> None:
    if semaphore.acquire(timeout=30):
        paid.value = True


@pytest.mark.fix("get-timeout-does-not-cancel")
def test_a_process_of_its_own_can_be_killed(mp_context: Any) -> None:
    opening, paid = mp_context.Semaphore(0), mp_context.Value("b", False)
    payment = mp_context.Process(target=pay_at, args=(opening, paid))
    payment.start()
    payment.join(timeout=0.05)
    payment.kill()
    payment.join(timeout=30)
    assert payment.exitcode == -signal.SIGKILL
    opening.release()
    assert opening.acquire(timeout=0), "nobody was at the bank when it opened"
    assert not paid.value


@pytest.mark.hazard(
    "mp-timeouterror-is-not-builtin",
    raises=multiprocessing.TimeoutError,
    why="multiprocessing has a TimeoutError of its own, which `except TimeoutError` does not catch",
)
def test_except_timeouterror_lets_the_timeout_of_a_pool_through(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        long = pool.apply_async(time.sleep, (30,))
        try:
            long.get(timeout=0.05)
        except TimeoutError:
            print("we lacked patience")


@pytest.mark.fix("mp-timeouterror-is-not-builtin")
def test_except_multiprocessing_timeouterror_catches_it(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        long = pool.apply_async(time.sleep, (30,))
        try:
            long.get(timeout=0.05)
        except multiprocessing.TimeoutError:
            print("we lacked patience")


@pytest.mark.fix("mp-timeouterror-is-not-builtin")
def test_since_3_11_except_timeouterror_catches_that_of_an_executor() -> None:
    unfinished: concurrent.futures.Future[None] = concurrent.futures.Future()
    with pytest.raises(concurrent.futures.TimeoutError) as error:
        unfinished.result(timeout=0)
    assert isinstance(error.value, TimeoutError) == (sys.version_info >= (3, 11))


@pytest.mark.hazard(
    "pool-has-no-join-timeout",
    raises=TypeError,
    match="unexpected keyword argument 'timeout'",
    why="join() and map() of a pool take no time limit, and wait for ever if they must",
)
def test_neither_join_nor_map_takes_a_timeout(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        with pytest.raises(TypeError, match="unexpected keyword argument 'timeout'"):
            pool.map(abs, [-1, -2], timeout=30)
        pool.close()
        pool.join(timeout=30)


@pytest.mark.fix("pool-has-no-join-timeout")
def test_get_of_map_async_and_next_of_imap_take_one(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        assert pool.map_async(abs, [-1, -2]).get(timeout=30) == [1, 2]
        numbers = pool.imap(abs, [-1, -2])
        assert [numbers.next(timeout=30), numbers.next(timeout=30)] == [1, 2]


# See also: test_07_pool_worker_dies.py, for a task whose result cannot come.
