"""A program waits for its child, reports success, and the child has failed or is still at work.

One expects `join()` to bring the child's result, or at least to complain. It returns None, however
the child ended, and also when its timeout ran out first. What the target returns is thrown away.

All that a process leaves is its `exitcode`: None while it runs, 0 if the target returned, n after
`sys.exit(n)`, 1 after an exception, and -n if signal n ended it: -9 is `kill()`, -15 `terminate()`,
-11 a crash in C code. It has one byte: `sys.exit(300)` arrives as 44, and `sys.exit(-1)` as 255.

One tutorial advises a timeout for `join()`, which is right, and half of the work: whoever gives one
has to look afterwards whether the child has ended.

    pytest -p pytest_concurrency examples/c03_processes/test_03_exitcode_unchecked.py --hazards=fail
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_concurrency import ChildDied, ChildHung

DISK_FULL = 28


@contextmanager
def started(mp_context: Any, target: Any, *args: Any) -> Iterator[Any]:
    child = mp_context.Process(target=target, args=args)
    child.start()
    try:
        yield child
    finally:
        child.kill()  # does nothing to one that has ended
        child.join(timeout=30)


@pytest.mark.hazard(
    "exitcode-unchecked",
    match="the child ended with exit code 28",
    why="join() returns None however the child ended, and nobody looked at its exit code",
)
def test_a_join_that_came_back_is_taken_for_success(mp_context: Any) -> None:
    with started(mp_context, sys.exit, DISK_FULL) as child:
        child.join(timeout=30)
        report = "saved"
    truth = "saved" if child.exitcode == 0 else "not saved"
    assert report == truth, (
        f"the program says {report!r}, and the child ended with exit code {child.exitcode}"
    )


@pytest.mark.fix("exitcode-unchecked")
def test_the_exit_code_tells_each_end_apart(mp_context: Any) -> None:
    ends: list[tuple[Any, Any, int]] = [
        (int, "5", 0),  # the 5 it returns is thrown away
        (int, "five", 1),  # ValueError
        (sys.exit, DISK_FULL, 28),
        (sys.exit, "the disk is full", 1),
        (sys.exit, 300, 44),
        (os._exit, 7, 7),
        (signal.raise_signal, signal.SIGKILL, -9),
    ]
    children = [mp_context.Process(target=target, args=(arg,)) for target, arg, _ in ends]
    for child in children:
        assert child.exitcode is None
        child.start()
    for child in children:
        child.join(timeout=30)
    assert [child.exitcode for child in children] == [code for _, _, code in ends]


@pytest.mark.fix("exitcode-unchecked")
def test_run_in_process_raises_unless_the_function_returned(run_in_process: Any) -> None:
    with pytest.raises(ChildDied, match=r"ended by sys.exit\(\): exit code 28"):
        run_in_process(sys.exit, DISK_FULL)


@pytest.mark.hazard(
    "join-timeout-silent",
    match="its exit code is None",
    why="a join() whose time is up returns like any other; only the exit code tells",
)
def test_a_join_whose_time_is_up_looks_like_any_other(mp_context: Any) -> None:
    with started(mp_context, time.sleep, 30) as child:
        child.join(timeout=0.1)
        assert child.exitcode == 0, (
            f"join() came back, so the child should have ended: its exit code is {child.exitcode}"
        )


@pytest.mark.fix("join-timeout-silent")
def test_one_who_is_alive_after_the_join_is_ended(mp_context: Any) -> None:
    with started(mp_context, time.sleep, 30) as child:
        child.join(timeout=0.1)
        late = child.is_alive()
        if late:
            child.terminate()
            child.join(timeout=30)  # terminate() only asks; the end takes a moment
        assert (late, child.exitcode) == (True, -signal.SIGTERM)


@pytest.mark.fix("join-timeout-silent")
@pytest.mark.start_method("fork")  # what it says is the same under each
def test_run_in_process_ends_it_and_says_so(run_in_process: Any) -> None:
    with pytest.raises(ChildHung, match=r"did not return within 0\.2 s and was killed"):
        run_in_process(time.sleep, 30, timeout=0.2)


# See also: c03_processes/test_06_finally_skipped.py, for what terminate() does to a child.
