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


def powers(start_method: str, base: int) -> list[int]:
    with multiprocessing.get_context(start_method).Pool(1) as pool:
        return pool.starmap(pow, [(base, 2), (base, 3)])


@pytest.mark.hazard(
    "pool-nested",
    match="daemonic processes are not allowed to have children",
    why="the workers of a pool are daemons, and daemons may not have children",
)
def test_a_worker_of_a_pool_cannot_have_a_pool(mp_context: Any, start_method: str) -> None:
    pool = mp_context.Pool(1)
    tens = pool.apply_async(powers, (start_method, 10))
    pool.close()
    pool.join()
    assert tens.get(timeout=0) == [100, 1000]


@pytest.mark.fix("pool-nested")
def test_one_pool_gets_all_parts(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        assert pool.starmap(pow, product([10, 20], [2, 3])) == [100, 1000, 400, 8000]


@pytest.mark.fix("pool-nested")
def test_a_process_of_an_executor_may_have_a_pool(mp_context: Any, start_method: str) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        assert executor.submit(powers, start_method, 10).result(timeout=30) == [100, 1000]


# See also: test_07_pool_worker_dies.py, for another difference of executor and pool.
