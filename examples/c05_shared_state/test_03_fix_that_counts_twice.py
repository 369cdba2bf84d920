"""The corrected counter of a tutorial counts to 510, and its lock makes everyone wait.

Ten processes add one, fifty times each, under a lock that is passed to them. One tutorial says of
its listing that it prints 500 every time. As printed it prints 0: an import is missing, each child
ends with a NameError, and the parent does not look at their exit codes. With the import it prints
510. Below the loop stands a second block, `with lock: val.value += 1`, meant as a shorter way to
write the first, and it is run as well: once more in each of ten processes. Nothing is lost here,
the lock works; the program is wrong. A fix is code like any other: run it.

The tutorial adds that under a lock the processes cannot run at the same time. That is so only for
what stands inside the lock. With the slow part inside, ten processes are as slow as one; with the
slow part outside, only the additions queue up. No clock is needed to see the difference: two
workers try to meet in the slow part.

    pytest -p pytest_concurrency examples/c05_*/test_03_fix_that_counts_twice.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from threading import BrokenBarrierError
from typing import Any

import pytest

# Ten processes start in no time under fork, and what they do here is the same under all three.
FORK = multiprocessing.get_context("fork")


def run(how_many: int, target: Any, *args: Any) -> None:
    workers = [FORK.Process(target=target, args=args) for _ in range(how_many)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert [worker.exitcode for worker in workers] == [0] * how_many


def add_fifty_as_printed(counter: Any, lock: Any) -> None:
    for _ in range(50):
        lock.acquire()
        counter.value += 1
        lock.release()
    with lock:
        counter.value += 1


@pytest.mark.hazard(
    "literal-fix-double-counts",
    match="the counter says 510",
    why="both spellings of the locked addition are in the program, so each process adds 51",
)
def test_the_printed_fix_counts_to_510() -> None:
    counter, lock = FORK.Value("i", 0), FORK.Lock()
    run(10, add_fifty_as_printed, counter, lock)
    assert counter.value == 500, f"10 processes added 50 each, and the counter says {counter.value}"


def add_fifty(counter: Any, lock: Any) -> None:
    for _ in range(50):
        with lock:
            counter.value += 1


@pytest.mark.fix("literal-fix-double-counts")
def test_one_addition_under_one_lock_counts_to_500() -> None:
    counter, lock = FORK.Value("i", 0), FORK.Lock()
    run(10, add_fifty, counter, lock)
    assert counter.value == 500


def do_the_slow_part(meeting: Any, met: Any, patience: float) -> None:
    try:
        meeting.wait(timeout=patience)
        met.value = True
    except BrokenBarrierError:  # nobody came
        pass


def work_inside_the_lock(lock: Any, meeting: Any, met: Any) -> None:
    with lock:
        do_the_slow_part(meeting, met, 0.3)


@pytest.mark.hazard(
    "lock-scope-too-wide",
    match="never worked at the same time",
    why="the slow part stands inside the lock, and what stands there is done one after the other",
)
def test_two_workers_never_work_at_the_same_time_inside_a_lock() -> None:
    lock, meeting, met = FORK.Lock(), FORK.Barrier(2), FORK.Value("b", False)
    run(2, work_inside_the_lock, lock, meeting, met)
    assert met.value, "there were two workers, and they never worked at the same time"


def work_before_the_lock(lock: Any, meeting: Any, met: Any) -> None:
    do_the_slow_part(meeting, met, 30)
    with lock:
        pass  # here only the result is noted


@pytest.mark.fix("lock-scope-too-wide")
def test_with_only_the_update_inside_the_lock_they_do() -> None:
    lock, meeting, met = FORK.Lock(), FORK.Barrier(2), FORK.Value("b", False)
    run(2, work_before_the_lock, lock, meeting, met)
    assert met.value


# See also: c05_shared_state/test_01_lost_update.py, for the counter without a lock.
