"""Three processes are started to be three times as fast, and there is one processor for them.

A child brings no processor with it: it shares those that its parent may use. With more processes
than processors each computes for a while and then waits for the others, and nothing is gained but
the cost of changing over. How many there are is asked with `len(os.sched_getaffinity(0))`, or from
Python 3.13 with `os.process_cpu_count()`. In a container or on a shared machine that can be one,
whatever `os.cpu_count()` says of the machine.

The script below gives up all processors but one, as such a container would, and starts children.

    pytest -p pytest_concurrency examples/c11_costs/test_06_too_many_processes.py --hazards=fail

In seconds: `python benchmarks/lesson_fib.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

ON_ONE_PROCESSOR = """
import multiprocessing
import os
import sys


def processors():
    return sorted(os.sched_getaffinity(0))


def work(answers):
    answers.put(processors())


if __name__ == "__main__":
    os.sched_setaffinity(0, processors()[:1])
    children = len(processors()) if sys.argv[1] == "one each" else int(sys.argv[1])
    answers = multiprocessing.SimpleQueue()
    workers = [multiprocessing.Process(target=work, args=(answers,)) for _ in range(children)]
    for worker in workers:
        worker.start()
    used = {processor for _ in workers for processor in answers.get()}
    for worker in workers:
        worker.join()
    print(len(workers), len(used))
"""


def processes_and_processors(run_script: Any, children: str) -> tuple[int, int]:
    processes, processors = run_script(ON_ONE_PROCESSOR, children).check().stdout.split()
    return int(processes), int(processors)


@pytest.mark.hazard(
    "too-many-processes",
    match="3 processes, and 1 processor",
    why="a child has no processor of its own, it shares those that its parent may use",
)
def test_three_processes_share_the_processor_of_one(run_script: Any) -> None:
    processes, processors = processes_and_processors(run_script, "3")
    assert processors == 3, f"there are {processes} processes, and {processors} processor for them"


@pytest.mark.fix("too-many-processes")
def test_as_many_processes_as_processors_have_one_each(run_script: Any) -> None:
    assert processes_and_processors(run_script, "one each") == (1, 1)


# See also: test_05_one_interpreter.py, for why processes help at all.
