"""A threading.Lock keeps out the other threads, and no other process.

One tutorial calls `threading.Lock` a "process lock". It excludes whoever shares it, and processes
do not: under spawn and forkserver each imports the module and makes a lock of its own; under fork
each has a copy. Both may hold "the lock" at the same moment, as the meeting below shows: there, two
processes wait for each other while each of them holds it.

Handed over as an argument, it cannot be pickled at all. A lock of multiprocessing is one lock for
all who were given it.

    pytest -p pytest_concurrency examples/c04_threads/test_09_no_process_lock.py --hazards=fail
"""

from __future__ import annotations

from threading import BrokenBarrierError, Lock
from typing import Any

import pytest

from pytest_concurrency import assert_not_picklable

the_lock = Lock()


def meet_inside(lock: Any, meeting: Any, patience: float, answers: Any) -> None:
    with lock or the_lock:
        try:
            meeting.wait(timeout=patience)
        except BrokenBarrierError:
            answers.put("alone")
        else:
            answers.put("both inside")


def run_two(mp_context: Any, lock: Any, patience: float) -> list[str]:
    meeting, answers = mp_context.Barrier(2), mp_context.SimpleQueue()
    arguments = lock, meeting, patience, answers
    children = [mp_context.Process(target=meet_inside, args=arguments) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=60)
    assert [child.exitcode for child in children] == [0, 0]
    return [answers.get() for _ in children]


@pytest.mark.hazard(
    "thread-lock-across-processes",
    match="both inside",
    why="each process has a lock of its own, which the other one knows nothing of",
)
def test_two_processes_hold_one_threading_lock_at_once(mp_context: Any) -> None:
    answers = run_two(mp_context, None, patience=30)
    assert answers == ["alone", "alone"], f"each of two processes holds the lock: {answers}"


@pytest.mark.fix("thread-lock-across-processes")
def test_a_lock_of_multiprocessing_keeps_the_other_process_out(mp_context: Any) -> None:
    assert_not_picklable(the_lock, match="lock")
    assert run_two(mp_context, mp_context.Lock(), patience=0.2) == ["alone", "alone"]


# See also: c05_shared_state/test_01_lost_update.py, for what such a lock is good for.
