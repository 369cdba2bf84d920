"""A task finds what the last one left in its worker: the module's globals are still there.

A task sets a variable of its module and one expects the next task to start afresh, since each has
"its own process". But a worker takes one task after the other, so what one task leaves the next one
finds. With several workers it finds what the tasks left that happened to be done by the same one,
and the answer depends on chance.

That a worker remembers is of use, too: what its `initializer` puts into a global is there for every
task. It is the way to give a lock or a queue to workers, since neither can be sent with a task.

A worker that ends after each task, and is replaced, forgets all. A pool calls this
`maxtasksperchild`, and has it under every start method. An executor calls it `max_tasks_per_child`,
has it since Python 3.11, and not under fork: by the time it must replace a worker it has threads,
and forking then is not safe. On Linux that was the default until Python 3.13.

    pytest -p pytest_concurrency examples/c07_pools/test_09_workers_remember.py --hazards=fail
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.map takes none

basket: list[str] = []


def put(fruit: str) -> list[str]:
    basket.append(fruit)
    return basket


@pytest.mark.hazard(
    "pool-global-state-leaks",
    match="finds the pear of Ann",
    why="both tasks ran in one worker, and what the first put into a global is still there",
)
def test_a_task_finds_what_the_last_one_left(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        _ann, bob = pool.map(put, ["pear", "plum"])
    assert bob == ["plum"], f"Bob has put a plum into his basket, and finds the pear of Ann: {bob}"


def put_into_new_basket(fruit: str) -> list[str]:
    return [fruit]


@pytest.mark.fix("pool-global-state-leaks")
def test_a_task_that_keeps_nothing_leaves_nothing(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        assert pool.map(put_into_new_basket, ["pear", "plum"]) == [["pear"], ["plum"]]


@pytest.mark.fix("pool-global-state-leaks")
def test_a_new_worker_for_each_task_remembers_nothing(mp_context: Any) -> None:
    with mp_context.Pool(1, maxtasksperchild=1) as pool:
        assert pool.map(put, ["pear", "plum"], chunksize=1) == [["pear"], ["plum"]]


lock: Any = None
meeting: Any = None
queue: Any = None


def set_up(given_lock: Any, given_meeting: Any, given_queue: Any) -> None:
    global lock, meeting, queue
    lock, meeting, queue = given_lock, given_meeting, given_queue


def enter(name: str) -> None:
    meeting.wait(timeout=20)  # both are here before either goes for the lock
    with lock:
        with suppress(threading.BrokenBarrierError):  # nobody comes: the other waits for the lock
            meeting.wait(timeout=0.1)
            name += " met somebody"
        queue.put(name)


@pytest.mark.fact("initialised-lock-in-pool")
def test_a_lock_and_a_queue_come_to_the_workers_as_initargs(mp_context: Any) -> None:
    names = mp_context.Queue()
    shared = (mp_context.Lock(), mp_context.Barrier(2), names)
    with mp_context.Pool(2, initializer=set_up, initargs=shared) as pool:
        pool.map(enter, ["Ann", "Bob"])
        assert sorted([names.get(timeout=30), names.get(timeout=30)]) == ["Ann", "Bob"]


HAS_MAX_TASKS = sys.version_info >= (3, 11)


@pytest.mark.hazard(
    "executor-max-tasks-with-fork",
    raises=ValueError if HAS_MAX_TASKS else TypeError,
    match="incompatible with the 'fork'" if HAS_MAX_TASKS else "unexpected keyword argument",
    under=("fork",) if HAS_MAX_TASKS else ("fork", "spawn", "forkserver"),
    why="an executor replaces workers when it has threads, and forking then is not safe",
)
def test_an_executor_cannot_replace_its_workers_under_fork(mp_context: Any) -> None:
    with ProcessPoolExecutor(  # type: ignore[call-overload]  # Python 3.10 has no such argument
        1, mp_context=mp_context, max_tasks_per_child=1
    ) as executor:
        assert executor.submit(abs, -1).result(timeout=30) == 1


@pytest.mark.fix("executor-max-tasks-with-fork")
def test_a_pool_replaces_its_workers_under_fork_too(mp_context: Any) -> None:
    with mp_context.Pool(1, maxtasksperchild=1) as pool:
        first = pool.apply_async(os.getpid).get(timeout=30)
        second = pool.apply_async(os.getpid).get(timeout=30)
    assert first != second


# See also: c01_separate_memory/test_01_globals_not_shared.py, for globals of parent and child.
