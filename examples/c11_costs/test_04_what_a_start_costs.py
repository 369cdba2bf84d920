"""What starting a process costs, and why: no start method does both things that it is blamed for.

Two tutorials say that a process costs more than a thread because its memory is copied and a new
interpreter is started. Fork copies the memory, or rather the list of its pages, and starts no
interpreter. Spawn starts an interpreter and copies nothing; the child imports everything again. The
fork server is one interpreter that is started once, and every child is forked from it: what was in
the parent's memory is not there, and the child starts no interpreter either.

Each way a process costs far more than a thread. So processes are kept and used again: a pool of
two does any number of tasks with two starts.

    pytest -p pytest_concurrency examples/c11_costs/test_04_what_a_start_costs.py --hazards=fail

In milliseconds: `python benchmarks/lesson_starts.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

memory = ["made at import"]


@pytest.fixture(autouse=True)
def _memory_as_at_import() -> Iterator[None]:
    yield
    memory[:] = ["made at import"]


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_a_copy() -> bool:
    return "made by the parent" in memory


def is_a_new_interpreter() -> bool:
    """Tell a started program from a forked one, which has the command line of its parent."""
    return command_line(os.getpid()) != command_line(os.getppid())


def what_i_am() -> tuple[bool, bool]:
    return is_a_copy(), is_a_new_interpreter()


@pytest.mark.hazard(
    "process-start-cost",
    match="the child has a copy",
    why="fork copies and starts nothing, spawn starts and copies nothing, a fork server neither",
)
def test_a_start_copies_the_memory_and_starts_an_interpreter(
    run_in_process: Any, start_method: str
) -> None:
    memory.append("made by the parent")
    copied, started = run_in_process(what_i_am)
    assert (copied, started) == {
        "fork": (True, False),
        "spawn": (False, True),
        "forkserver": (False, False),
    }[start_method]
    parts = f"a copy of the memory: {copied}, an interpreter that was started: {started}"
    assert (copied, started) == (True, True), f"the child has {parts}"


def who_does_it(_: int) -> int:
    return os.getpid()


@pytest.mark.fix("process-start-cost")
@pytest.mark.timeout(60)
def test_a_pool_does_many_tasks_with_few_starts(mp_context: Any) -> None:
    pool = mp_context.Pool(2)
    try:
        workers = set(pool.map(who_does_it, range(100), chunksize=1))
    finally:
        pool.close()
        pool.join()
    assert len(workers) <= 2


# See also: c08_fork/test_10_big_argument.py, for what the arguments of a start cost.
