"""A worker of a pool is killed, and the pool waits for its answer for ever.

When memory runs out, the kernel kills a process: often the very worker that needs so much. One
would expect the pool to report that. It notices, for it starts a new worker, which takes the next
task; but which task the dead one had, it does not know. That result never comes, and there is no
message at all. `sys.exit()` in a task and a crash in a library written in C do the same.

An executor knows, and says so to all who wait:

    BrokenProcessPool: A process in the process pool was terminated abruptly while the future was
    running or pending.

But it does not say what happened to the process. To find out, run the one task with the plugin's
`run_in_process`:

    ChildDied: the child process of shrink() ended before it returned: signal 9, SIGKILL (killed: by
    the test, the system's out-of-memory killer, or an operator)

    pytest -p pytest_concurrency examples/c07_pools/test_07_pool_worker_dies.py --hazards=fail
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from pytest_concurrency import ChildDied

pytestmark = pytest.mark.timeout(60)  # Pool.terminate takes none


def shrink(photo: str) -> str:
    if photo == "huge.jpg":
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
    return f"small {photo}"


@pytest.mark.hazard(
    "pool-worker-dies",
    match="neither a result nor an error",
    why="a pool replaces a dead worker, and does not know which task died with it",
)
def test_a_task_whose_worker_is_killed_never_answers(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        huge = pool.apply_async(shrink, ("huge.jpg",))
        # The next task needs a new worker, so when it is done the pool knows of the death.
        assert pool.apply_async(shrink, ("cat.jpg",)).get(timeout=30) == "small cat.jpg"
        huge.wait(timeout=0.1)
        assert huge.ready(), (
            "the worker is dead, a new one has done the next photo, and for huge.jpg there is "
            "neither a result nor an error: get() would wait for ever"
        )


@pytest.mark.fix("pool-worker-dies")
def test_an_executor_tells_that_a_process_has_died(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        with pytest.raises(SystemExit):  # this one it survives
            executor.submit(sys.exit, 3).result(timeout=30)
        huge = executor.submit(shrink, "huge.jpg")
        with pytest.raises(BrokenProcessPool, match="was terminated abruptly while the future was"):
            huge.result(timeout=30)
        with pytest.raises(BrokenProcessPool, match="not usable anymore"):
            executor.submit(shrink, "cat.jpg")


@pytest.mark.fix("pool-worker-dies")
def test_run_in_process_tells_what_it_died_of(run_in_process: Any) -> None:
    with pytest.raises(ChildDied) as error:
        run_in_process(shrink, "huge.jpg")
    assert str(error.value) == (
        "the child process of shrink() ended before it returned: signal 9, SIGKILL "
        "(killed: by the test, the system's out-of-memory killer, or an operator)"
    )


# See also: test_02_pool_swallows_errors.py, for tasks that raise an error.
