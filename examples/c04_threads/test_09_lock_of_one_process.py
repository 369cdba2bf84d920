"""A lock of `threading` is taken by one process, and another process takes it as well.

One tutorial calls `threading.Lock` a process lock. It lies in the memory of one process, and keeps
out the threads of that process. Another process that says `printer` means a lock of its own: under
spawn and forkserver a new one from importing the module, under fork a copy. Both say "locked" at
the same time, and both go on.

Passing it as an argument does not help: under spawn and forkserver it cannot be pickled, and under
fork it is copied, taken or not. A lock of `multiprocessing`, passed as an argument, is one lock for
all who got it.

    pytest -p pytest_concurrency examples/c04_threads/test_09_lock_of_one_process.py --hazards=fail
"""

from __future__ import annotations

from threading import Lock
from typing import Any

import pytest

printer = Lock()


def take_the_printer(parent: Any) -> None:
    use(printer, parent)


def take(lock: Any, parent: Any) -> None:
    use(lock, parent)


def use(lock: Any, parent: Any) -> None:
    parent.send("here")
    parent.recv()  # now the parent holds the lock
    got_it = lock.acquire(False)  # without waiting; the argument has another name in each module
    if got_it:
        lock.release()
    parent.send(got_it)


def child_gets_the_lock(mp_context: Any, lock: Any, target: Any, *args: Any) -> Any:
    """Holds the lock here, and tells whether a child gets it as well."""
    ours, theirs = mp_context.Pipe()
    child = mp_context.Process(target=target, args=(*args, theirs))
    child.start()
    theirs.close()
    try:
        assert ours.recv() == "here"  # if the child dies, its end is closed: EOFError
        with lock:
            ours.send("taken")
            got_it = ours.recv()
    finally:
        ours.close()
        child.join(timeout=30)
    assert child.exitcode == 0
    return got_it


@pytest.mark.hazard(
    "thread-lock-across-processes",
    match="so does the child",
    why="each process has a lock of that name in its own memory, and takes its own",
)
def test_two_processes_hold_the_lock_of_the_module_at_once(mp_context: Any) -> None:
    got_it = child_gets_the_lock(mp_context, printer, take_the_printer)
    assert not got_it, "the parent holds the printer's lock, and so does the child"


@pytest.mark.fix("thread-lock-across-processes")
def test_a_lock_of_multiprocessing_keeps_the_child_out(mp_context: Any) -> None:
    lock = mp_context.Lock()
    assert not child_gets_the_lock(mp_context, lock, take, lock)


# See also: c01_separate_memory/test_01_globals_not_shared.py, where it is a list that is not
# shared.
