"""A daemon child is put to work, and is killed in the middle of it without a word.

`daemon=True` sounds like a service that goes on in the background. It means the contrary: a child
that does not matter. When the main program ends, other children are waited for, which is why the
tutorials' samples without `join()` work at all, and daemon children are terminated. Nothing is
printed, and the exit code is 0.

Since such a child may be cut off at any moment, it may not have children, which nobody would wait
for. The workers of a Pool are daemons: what is called in a Pool cannot start a process. One
tutorial says that this is so on Windows; it is so everywhere.

    pytest -p pytest_concurrency examples/c03_processes/test_07_daemon_children.py --hazards=fail
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

PROGRAM = """
import sys, time
from multiprocessing import Process

def save(seconds):
    time.sleep(seconds)
    print("saved")

if __name__ == "__main__":
    kind, seconds = sys.argv[1:]
    child = Process(target=save, args=(float(seconds),), daemon="daemon" in kind)
    child.start()
    if "joined" in kind:
        child.join()
"""


@pytest.mark.hazard(
    "daemon-child-killed-at-exit",
    match="exit code 0, .*: nothing",
    why="when the main program ends, it terminates its daemon children and waits for the others",
)
def test_a_daemon_does_not_live_to_finish_its_work(run_script: Any) -> None:
    result = run_script(PROGRAM, "daemon", "30")
    assert "saved" in result.stdout, (
        f"the program ended with exit code {result.exitcode}, and its child has printed: "
        f"{result.stdout or 'nothing'}"
    )


@pytest.mark.fix("daemon-child-killed-at-exit")
def test_a_child_that_is_no_daemon_is_waited_for(run_script: Any) -> None:
    result = run_script(PROGRAM, "child", "0.1")
    assert (result.exitcode, result.stdout) == (0, "saved\n")


@pytest.mark.fix("daemon-child-killed-at-exit")
@pytest.mark.start_method("fork")  # what join() does is the same under each
def test_a_daemon_that_is_joined_finishes(run_script: Any) -> None:
    result = run_script(PROGRAM, "joined daemon", "0.1")
    assert (result.exitcode, result.stdout) == (0, "saved\n")


def start_a_helper(mp_context: Any) -> int | None:
    helper = mp_context.Process(target=os.getpid)
    helper.start()
    helper.join(timeout=30)
    code: int | None = helper.exitcode
    return code


@contextmanager
def pool_of_one(mp_context: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1)
    try:
        yield pool
    finally:
        pool.close()
        pool.join()


@pytest.mark.hazard(
    "daemon-cannot-have-children",
    match="daemonic processes are not allowed to have children",
    why="the workers of a Pool are daemons, and a daemon may not start a process",
)
@pytest.mark.timeout(60)
def test_a_worker_of_a_pool_cannot_start_a_process(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        assert pool.apply_async(start_a_helper, (mp_context,)).get(timeout=30) == 0


@pytest.mark.fix("daemon-cannot-have-children")
def test_a_worker_of_an_executor_can(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        assert executor.submit(start_a_helper, mp_context).result(timeout=30) == 0


@pytest.mark.fix("daemon-cannot-have-children")
def test_a_child_that_is_no_daemon_can(mp_context: Any) -> None:
    child = mp_context.Process(target=start_a_helper, args=(mp_context,), daemon=False)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


# See also: c03_processes/test_08_orphans.py, for what the leak check says of a child that is left;
# c03_processes/test_09_daemon_outlives.py, for a daemon that lives on.
