"""A task of a pool makes a pool of its own, and is refused.

One tutorial says that this does not work on Windows. It works nowhere: the workers of a pool are
daemons, which are killed when their parent ends, and their children would be left behind; so
daemons may have no children. The processes of an executor are no daemons.

Mostly one pool is enough. Split the work into its smallest parts first, and give all parts to the
one pool: the number of CPUs is no larger in a pool within a pool.

    pytest -p pytest_concurrency examples/c07_pools/test_10_pool_in_a_pool.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.map takes none


def pay(worker: str, month: int) -> str:
    return f"{worker} {month}"


def pay_worker(start_method: str, worker: str) -> list[str]:
    with multiprocessing.get_context(start_method).Pool(1) as pool:
        return pool.starmap(pay, [(worker, 1), (worker, 2)])


@pytest.mark.hazard(
    "pool-nested",
    match="daemonic processes are not allowed to have children",
    why="the workers of a pool are daemons, and daemons may not have children",
)
def test_a_worker_of_a_pool_cannot_have_a_pool(mp_context: Any, start_method: str) -> None:
    pool = mp_context.Pool(1)
    paid = pool.apply_async(pay_worker, (start_method, "Ann"))
    pool.close()
    pool.join()
    assert paid.get(timeout=0) == ["Ann 1", "Ann 2"]


@pytest.mark.fix("pool-nested")
def test_one_pool_gets_all_parts(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        paid = pool.starmap(pay, product(["Ann", "Bob"], [1, 2]))
    assert paid == ["Ann 1", "Ann 2", "Bob 1", "Bob 2"]


@pytest.mark.fix("pool-nested")
def test_a_process_of_an_executor_may_have_a_pool(mp_context: Any, start_method: str) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        ann = executor.submit(pay_worker, start_method, "Ann")
        assert ann.result(timeout=30) == ["Ann 1", "Ann 2"]


# See also: test_07_pool_worker_dies.py, for another difference of executor and pool.
