"""Two processes add one to the same number, and one of the additions is lost.

A `multiprocessing.Value` comes with a lock, so one expects `counter.value += 1` to be safe. But
that lock is taken twice, once to read and once to write, and is free in between: long enough for
the other process to read the same old number.

By nature this happens now and then. Here the two processes meet between reading and writing, and it
happens every time. The fix takes the lock once, for both steps: then the other process cannot come
to the meeting, because it waits for the lock.

    pytest -p pytest_concurrency examples/c05_shared_state/test_01_lost_update.py --hazards=fail
"""

from __future__ import annotations

from contextlib import suppress
from threading import BrokenBarrierError
from typing import Any

import pytest


def add_one(counter: Any, meeting: Any) -> None:
    number = counter.value
    meeting.wait(timeout=20)
    counter.value = number + 1


def add_one_under_the_lock(counter: Any, meeting: Any) -> None:
    # Both are here before either goes for the lock: without it, they would meet below.
    meeting.wait(timeout=20)
    with counter.get_lock():
        number = counter.value
        with suppress(BrokenBarrierError):  # nobody comes
            meeting.wait(timeout=0.2)
        counter.value = number + 1


def run_two(mp_context: Any, target: Any, *args: Any) -> None:
    adders = [mp_context.Process(target=target, args=args) for _ in range(2)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join(timeout=30)
    assert [adder.exitcode for adder in adders] == [0, 0]


@pytest.mark.hazard(
    "value-read-modify-write",
    match="the counter says 1",
    why="reading and writing are two steps, and between them the other process read the same 0",
)
def test_two_processes_lose_an_update(mp_context: Any) -> None:
    counter, meeting = mp_context.Value("i", 0), mp_context.Barrier(2)
    run_two(mp_context, add_one, counter, meeting)
    assert counter.value == 2, f"two processes added one, and the counter says {counter.value}"


@pytest.mark.fix("value-read-modify-write")
def test_the_lock_of_the_value_held_over_both_steps_keeps_every_update(mp_context: Any) -> None:
    counter, meeting = mp_context.Value("i", 0), mp_context.Barrier(2)
    run_two(mp_context, add_one_under_the_lock, counter, meeting)
    assert counter.value == 2


# See also: c01_separate_memory/test_01_globals_not_shared.py, where the number is not even the
# same one.
