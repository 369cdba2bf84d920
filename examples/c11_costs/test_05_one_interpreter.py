"""Two threads are to compute twice as fast as one, and both share one interpreter.

The threads of a process take turns: with the global interpreter lock, the GIL, one at a time runs
Python code, and the process keeps one processor busy. One tutorial needed 8.93 seconds for four
times `fib(35)` in a row and 9.89 seconds in four threads, for the turns cost something too. Four
processes needed 3.81 seconds: each has an interpreter of its own, with a lock of its own.

On a free-threaded build of Python there is no such lock, and threads compute side by side as well.
It is still one process.

    pytest -p pytest_concurrency examples/c11_costs/test_05_one_interpreter.py --hazards=fail

In seconds: `python benchmarks/lesson_fib.py`.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import Any

import pytest


def fib(n: int) -> int:
    return n if n <= 1 else fib(n - 1) + fib(n - 2)


def compute(n: int, answers: Any) -> None:
    answers.put((fib(n), os.getpid()))


def interpreters_used(start: Any, answers: Any) -> int:
    workers = [start(target=compute, args=(10, answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    given = [answers.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join(timeout=30)
    assert [number for number, _ in given] == [55, 55]
    return len({process for _, process in given})


@pytest.mark.hazard(
    "cpu-bound-scaling",
    match="in 1 interpreter",
    why="threads live in one process, and with the GIL one of them at a time runs Python code",
)
def test_two_threads_compute_in_one_interpreter() -> None:
    used = interpreters_used(threading.Thread, queue.Queue())
    assert used == 2, f"two threads computed in {used} interpreter"


@pytest.mark.fix("cpu-bound-scaling")
def test_two_processes_compute_in_an_interpreter_each(mp_context: Any) -> None:
    assert interpreters_used(mp_context.Process, mp_context.Queue()) == 2


# See also: test_06_too_many_processes.py, for how far processes help.
