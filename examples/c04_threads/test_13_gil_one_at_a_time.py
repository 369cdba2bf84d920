"""Two threads have something to compute, and only one of them gets ahead at a time.

The GIL is a lock that a thread needs to run Python code, and there is one for the whole process.
Several threads that compute take turns, and together are as fast as one of them alone, or a few
percent slower. One tutorial says that threads suit heavy computing; the others are right, and it
itself says the opposite elsewhere. A process has a GIL of its own, and a free-threaded build has
none: there threads do compute side by side.

Not all that takes long needs the GIL. While hashlib or zlib work on many bytes, or a file is read,
or a thread sleeps, the GIL is free, and other threads use it. So "threads never use several cores"
is wrong too; and `time.sleep` stops the thread that calls it, not the process, as another tutorial
has it.

How long something takes depends on the machine. Whether the others stand still does not: here a
counter runs on the side, and is read before and after one long call.

    pytest -p pytest_concurrency examples/c04_threads/test_13_gil_one_at_a_time.py --hazards=fail
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from ctypes import c_ulong
from functools import partial
from operator import methodcaller
from threading import Event, Thread
from typing import Any

import pytest

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()  # a free-threaded build may say False

add_up = partial(sum, range(2_000_000))
hash_much = partial(hashlib.sha256, bytes(20_000_000))


def moves_during(call: Callable[[], object], counter: Any) -> bool:
    """Whether the counter moves while this thread is in the call."""
    read = partial(getattr, counter, "value")
    # `map` goes from one of the three to the next without a gap in which the GIL could be given
    # away, as it could be between three statements.
    before, _, after = map(methodcaller("__call__"), [read, call, read])
    return bool(after > before)


def moves_at_last(call: Callable[[], object], counter: Any) -> bool:
    """The same, tried for up to 30 s: on a busy machine it may be a while before others run."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if moves_during(call, counter):
            return True
    return False


def count(counter: c_ulong, begun: Event, enough: Event) -> None:
    while not enough.is_set():
        counter.value += 1
        begun.set()


@pytest.fixture
def counter_in_a_thread() -> Iterator[Any]:
    counter, begun, enough = c_ulong(), Event(), Event()
    thread = Thread(target=count, args=(counter, begun, enough))
    thread.start()
    try:
        assert begun.wait(timeout=30)
        yield counter
    finally:
        enough.set()
        thread.join(timeout=30)


@pytest.mark.skipif(not HAS_GIL, reason="this Python runs without the GIL: both threads compute")
@pytest.mark.hazard(
    "gil-blocks-cpu-threads",
    match="the other one stood still",
    why="only the thread that has the GIL runs Python code, and adding up does not give it away",
)
def test_while_one_thread_computes_the_other_stands_still(counter_in_a_thread: Any) -> None:
    moved = moves_during(add_up, counter_in_a_thread)
    assert moved, "one thread added up two million numbers, and the other one stood still"


def count_until_told(counter: Any, enough: Any) -> None:
    while not enough.value:
        counter.value += 1


@pytest.mark.fix("gil-blocks-cpu-threads")
def test_a_process_goes_on_while_another_one_computes(mp_context: Any) -> None:
    counter, enough = mp_context.RawValue("L"), mp_context.RawValue("b")
    child = mp_context.Process(target=count_until_told, args=(counter, enough))
    child.start()
    try:
        assert moves_at_last(add_up, counter)
    finally:
        enough.value = 1
        child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.fact("gil-released-in-c")
def test_while_one_thread_hashes_the_other_goes_on(counter_in_a_thread: Any) -> None:
    assert moves_at_last(hash_much, counter_in_a_thread)


@pytest.mark.fact("sleep-suspends-only-the-thread")
def test_while_one_thread_sleeps_the_other_goes_on(counter_in_a_thread: Any) -> None:
    assert moves_at_last(partial(time.sleep, 0.02), counter_in_a_thread)


# See also: test_01_plus_equals.py, for what the GIL seems to protect.
