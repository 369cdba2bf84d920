"""A lock of one start method is given to a child of another, and the child cannot have it.

A lock that is made under fork has no name: a forked child has it because it is a copy. A child of
spawn or forkserver has to open the lock anew, by its name. From Python 3.11 on, `start()` says so
in a RuntimeError (in which the other side is always "a spawn context"). Python 3.10 starts the
child, which opens what is not there, and crashes: signal 11, a segmentation fault.

It is easily done without a word about start methods: `multiprocessing.Lock()` is a lock of the
default method, and a `ProcessPoolExecutor(mp_context=...)` or a library may use another. A queue,
an event and a `Value` have such locks inside. The other way round there is no harm: a lock made
under spawn has a name, and goes to any child.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_09_mixed_locks.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from typing import Any

import pytest

CRASHES = sys.version_info < (3, 11)


class NoCoreDump:
    """When a child loads it, the child forgoes the file that a crash would leave behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        return resource.setrlimit, (resource.RLIMIT_CORE, (0, hard))


def use(_: Any, lock: Any) -> None:
    with lock:
        print("the child has the lock")


def run(mp_context: Any, lock: Any) -> int:
    child = mp_context.Process(target=use, args=(NoCoreDump(), lock))
    child.start()
    child.join(timeout=30)
    exitcode: int = child.exitcode
    return exitcode


@pytest.mark.hazard(
    "mixed-context-lock",
    raises=AssertionError if CRASHES else RuntimeError,
    match="the child ended with -11" if CRASHES else "A SemLock created in a fork context is being",
    under=("spawn", "forkserver"),
    why="a lock made under fork has no name by which a child that is no copy could open it",
)
def test_a_lock_made_under_fork_goes_to_forked_children_only(mp_context: Any) -> None:
    lock = multiprocessing.get_context("fork").Lock()
    exitcode = run(mp_context, lock)
    assert exitcode == 0, f"the child ended with {exitcode}"


@pytest.mark.fix("mixed-context-lock")
def test_one_context_makes_the_lock_and_the_process(mp_context: Any) -> None:
    assert run(mp_context, mp_context.Lock()) == 0


@pytest.mark.fix("mixed-context-lock")
def test_a_lock_made_under_spawn_goes_to_every_child(mp_context: Any) -> None:
    assert run(mp_context, multiprocessing.get_context("spawn").Lock()) == 0


# See also: c01_separate_memory/test_06_start_method.py, for the default that one forgets about.
