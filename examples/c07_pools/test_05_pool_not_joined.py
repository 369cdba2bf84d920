"""A program sends tasks to a pool and ends, and the tasks are lost without a word.

Threads and processes that a program has started are waited for when it ends, so one expects the
same of tasks. But the workers of a pool are daemons: when the program ends they are killed, at
whatever they are doing. The exit code is 0.

So one waits: `close()` says that no more tasks will come, and `join()` waits until the workers have
done what they have. In this order; `join()` alone raises, since a pool that may still get tasks
would never end.

One tutorial says that a pool must be closed and joined or there will be zombies. There are, after
`close()` alone: each worker ends, and stays in the table of processes until its parent asks for its
exit code. Under forkserver the parent is the fork server, which asks at once.

A zombie costs little; a pool that is not even closed costs more. As long as something refers to it,
its workers stay, idle, with all the memory they have. In a test the plugin says so: "the test left
2 children behind", with the line that made the pool. When nothing refers to it any more, Python
terminates it, with what it was doing; of that tells only a ResourceWarning, which Python hides.

    pytest -p pytest_concurrency examples/c07_pools/test_05_pool_not_joined.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.join takes none

POST_LETTERS = """
    import sys
    import time
    from multiprocessing import Pool
    from pathlib import Path

    def write_letter(path, seconds):
        time.sleep(seconds)
        Path(path).touch()

    if __name__ == "__main__":
        end, folder, seconds = sys.argv[1:]
        letters = [(f"{folder}/{name}", float(seconds)) for name in ("Ann", "Bob")]
        if end == "executor":
            from concurrent.futures import ProcessPoolExecutor

            executor = ProcessPoolExecutor(1)
            for letter in letters:
                executor.submit(write_letter, *letter)
        else:
            pool = Pool(1)
            for letter in letters:
                pool.apply_async(write_letter, letter)
            if end == "close and join":
                pool.close()
                pool.join()
"""


@pytest.mark.hazard(
    "pool-not-joined-loses-tasks",
    match="0 of 2 letters",
    why="the workers of a pool are daemons, and killed when the main program ends",
)
def test_a_program_that_ends_takes_the_tasks_of_its_pool_along(
    run_script: Any, tmp_path: Path
) -> None:
    program = run_script(POST_LETTERS, "do nothing", str(tmp_path), "30")
    letters = len(list(tmp_path.iterdir()))
    assert letters == 2, (
        f"writing a letter takes 30 seconds; the program ended at once, with exit code "
        f"{program.exitcode} and {letters} of 2 letters"
    )


@pytest.mark.fix("pool-not-joined-loses-tasks")
def test_close_and_join_wait_for_the_tasks(run_script: Any, tmp_path: Path) -> None:
    run_script(POST_LETTERS, "close and join", str(tmp_path), "0.05").check()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.fix("pool-not-joined-loses-tasks")
def test_an_executor_is_waited_for_at_the_end(run_script: Any, tmp_path: Path) -> None:
    run_script(POST_LETTERS, "executor", str(tmp_path), "0.05").check()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.hazard(
    "pool-join-before-close",
    raises=ValueError,
    match="Pool is still running",
    why="a pool that still takes tasks never ends, so it cannot be waited for",
)
def test_a_pool_that_still_takes_tasks_cannot_be_joined(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        pool.join()


@pytest.mark.fix("pool-join-before-close")
def test_a_pool_that_is_closed_can_be_joined(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        pool.close()
        pool.join()


def state_of(process: Any) -> str:
    """What the system says of a process: running, sleeping, a zombie."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return status.partition("State:")[2].splitlines()[0].strip()


@pytest.mark.hazard(
    "pool-close-without-join",
    match="zombie",
    under=("fork", "spawn"),
    why="a child that has ended is kept until its parent asks for its exit code: join() does",
)
def test_after_close_alone_the_workers_are_zombies(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        [worker] = multiprocessing.active_children()
        pool.close()
        assert wait([worker.sentinel], timeout=30), "the worker does not end"
        while (state := state_of(worker)) not in ("gone", "Z (zombie)"):
            pass  # its files are closed already, and it is about to end
        assert state == "gone", f"the pool is closed, and of its worker the system says {state!r}"


@pytest.mark.fix("pool-close-without-join")
def test_after_close_and_join_nothing_is_left(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        [worker] = multiprocessing.active_children()
        pool.close()
        pool.join()
        assert state_of(worker) == "gone"


@pytest.mark.fix("pool-close-without-join")
def test_after_a_with_block_nothing_is_left(mp_context: Any) -> None:
    with mp_context.Pool(1):
        [worker] = multiprocessing.active_children()
    assert state_of(worker) == "gone"


# See also: test_04_leaving_a_with_block.py, for a block that is left too early.
