"""A child puts a letter into a queue of the module `queue`, and it never reaches the parent.

There are two queues of the same name. `queue.Queue` connects the threads of one process: a list
with a lock. `multiprocessing.Queue` connects processes: a pipe. With the first one, the child under
fork puts the letter into its own copy of the list, and ends with exit code 0. Under spawn and
forkserver the queue would have to be pickled to get there, and a lock cannot be: this at least is
an error, `TypeError: cannot pickle '_thread.lock' object`.

As a global variable of the module, instead of an argument, such a queue is silently separate under
every start method.

    pytest -p pytest_concurrency examples/c06_*/test_04_thread_queue.py --hazards=fail
"""

from __future__ import annotations

import queue
from typing import Any

import pytest


def write(letters: Any) -> None:
    letters.put("Dear Ann")


@pytest.mark.hazard(
    "thread-queue-in-process",
    raises=(AssertionError, TypeError),
    match="is still empty|cannot pickle '_thread.lock' object",
    why="queue.Queue is a list in the memory of one process, and the child has its own memory",
)
def test_a_queue_for_threads_does_not_connect_processes(mp_context: Any) -> None:
    letters: queue.Queue[str] = queue.Queue()
    child = mp_context.Process(target=write, args=(letters,))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0
    assert letters.qsize() == 1, "the child wrote, and the queue of the parent is still empty"


@pytest.mark.fix("thread-queue-in-process")
def test_a_queue_of_multiprocessing_does(mp_context: Any) -> None:
    letters = mp_context.Queue()
    child = mp_context.Process(target=write, args=(letters,))
    child.start()
    assert letters.get(timeout=30) == "Dear Ann"
    child.join(timeout=30)
    assert child.exitcode == 0


# See also: c01_separate_memory/test_01_globals_not_shared.py, for a list with the same fate.
