"""A pool starts all its workers at once, and what they cost is paid before the first task.

One tutorial says that a pool makes a process when a request comes and there is room, and a new one
when a process has ended; another, that `apply_async` starts the pool. Neither is so. `Pool(2)` has
two workers when it returns, and they take every task in turn until the pool ends: what waits in a
queue is the tasks. `ProcessPoolExecutor` is the lazy one: it has no process before the first task.

The first tutorial also calls the arguments `Pool(numprocess, initializer, initargs)`. The first one
is called `processes`; the fourth, which it leaves out, is `maxtasksperchild`.

Left out, the size is the number of CPUs, say three of the tutorials. But of which? A program in a
container, or under `taskset`, may often use fewer CPUs than the machine has. Up to Python 3.12 the
pool counts those of the machine all the same, and starts 64 workers for the one CPU that it may
use. Since 3.13 it counts those that the process may use.

    pytest -p pytest_concurrency examples/c07_pools/test_01_making_a_pool.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.join takes none


def workers() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children()}


@pytest.mark.fact("pool-workers-are-eager")
def test_the_workers_are_there_before_the_first_task_and_stay_the_same(mp_context: Any) -> None:
    with mp_context.Pool(2) as pool:
        at_first = workers()
        assert len(at_first) == 2

        answers = [pool.apply_async(os.getpid) for _ in range(8)]
        assert {answer.get(timeout=30) for answer in answers} <= at_first
        assert workers() == at_first

    with ProcessPoolExecutor(2, mp_context=mp_context) as executor:
        assert workers() == set(), "an executor waits for work before it starts a process"
        first = executor.submit(os.getpid).result(timeout=30)
        assert first in workers()
        # Under fork all at once: forking is not safe later, when the executor has threads.
        assert len(workers()) == (2 if mp_context.get_start_method() == "fork" else 1)


@pytest.mark.hazard(
    "pool-parameter-names",
    raises=TypeError,
    match="unexpected keyword argument 'numprocess'",
    why="the argument is called processes, whatever a tutorial says",
)
def test_a_pool_knows_no_numprocess() -> None:
    multiprocessing.Pool(numprocess=2)  # type: ignore[call-arg]  # mypy knows it as well


unit = "unknown"


def set_unit(name: str) -> None:
    global unit
    unit = name


def weigh(number: int) -> str:
    return f"{number} {unit}"


@pytest.mark.fix("pool-parameter-names")
def test_the_arguments_are_processes_initializer_initargs_and_maxtasksperchild(
    mp_context: Any,
) -> None:
    pool = mp_context.Pool(
        processes=1, initializer=set_unit, initargs=("kg",), maxtasksperchild=100
    )
    with pool:
        assert pool.map(weigh, [1, 2]) == ["1 kg", "2 kg"]


POOL_ON_ONE_CPU = """
    import multiprocessing
    import os

    if __name__ == "__main__":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        with multiprocessing.Pool():
            print(len(multiprocessing.active_children()))
"""


@pytest.mark.fact("pool-size-default")
def test_since_3_13_a_pool_has_a_worker_for_each_cpu_it_may_use(
    run_script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)  # it would count instead, since 3.13
    size = int(run_script(POOL_ON_ONE_CPU).check().stdout)
    assert size == (1 if sys.version_info >= (3, 13) else os.cpu_count())


# See also: test_02_pool_swallows_errors.py, for what becomes of a task that fails.
