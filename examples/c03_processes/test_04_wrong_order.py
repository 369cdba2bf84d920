"""A Process object is used out of turn, and refuses.

A Process object stands for one run, and has its order: made, started, joined, closed. `daemon` is
set before the start, the others wait for it, `close()` comes when the child has ended. One expects
that a child that has ended can simply be started again; it cannot. Most slips are told in plain
words. One is not: `terminate()` before `start()` complains of a NoneType.

And it belongs to the process that started it: a sibling cannot join it. Under fork the sibling has
a copy of the object, which says so; under spawn and forkserver the object does not even travel. One
tutorial concludes that a process can act on its own children only. That is multiprocessing's rule,
not the system's: a sibling's number is all one needs to send it a signal.

    pytest -p pytest_concurrency examples/c03_processes/test_04_wrong_order.py --hazards=fail
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import Process
from typing import Any

import pytest


@pytest.fixture
def sleeper(mp_context: Any) -> Iterator[Any]:
    child = mp_context.Process(target=time.sleep, args=(30,), name="sleeper")
    child.start()
    yield child
    child.kill()
    child.join(timeout=30)
    child.close()


@pytest.mark.hazard(
    "process-order-errors",
    match="cannot start a process twice",
    why="a Process object stands for one run, also after that run has ended",
)
def test_a_process_that_has_ended_cannot_be_started_again(mp_context: Any) -> None:
    child = mp_context.Process(target=os.getpid)
    child.start()
    child.join(timeout=30)
    child.start()


@pytest.mark.fix("process-order-errors")
def test_every_run_gets_an_object_of_its_own(mp_context: Any) -> None:
    for _ in range(2):
        child = mp_context.Process(target=os.getpid)
        child.daemon = True  # possible until it is started
        assert (child.pid, child.exitcode) == (None, None)
        child.start()
        child.join(timeout=30)
        child.join(timeout=30)  # a second join is not wrong
        assert child.exitcode == 0
        child.close()
        with pytest.raises(ValueError, match="process object is closed"):
            child.is_alive()


def make_daemon(child: Any) -> None:
    child.daemon = True


@pytest.mark.fix("process-order-errors")
@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (make_daemon, AssertionError, "process has already started"),
        (lambda child: child.close(), ValueError, "Cannot close a process while it is still"),
    ],
    ids=["daemon", "close"],
)
def test_a_step_that_comes_while_it_runs_says_what_is_wrong(
    sleeper: Any, step: Callable[[Any], None], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        step(sleeper)


def test_before_the_start_one_step_complains_in_riddles() -> None:
    with pytest.raises(AssertionError, match="can only join a started process"):
        Process().join()
    with pytest.raises(AssertionError, match="group argument must be None for now"):
        Process(group=1)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'terminate'"):
        Process().terminate()


def join(sibling: Any) -> None:
    sibling.join(timeout=30)


@pytest.mark.hazard(
    "only-parent-may-join",
    raises=(AssertionError, TypeError),
    match="can only join a child process|cannot pickle 'weakref",
    why="a Process object is of use only in the process that started it",
)
def test_a_sibling_cannot_join(run_in_process: Any, sleeper: Any) -> None:
    run_in_process(join, sleeper)


@pytest.mark.fix("only-parent-may-join")
def test_a_sibling_may_send_a_signal_and_the_parent_joins(mp_context: Any, sleeper: Any) -> None:
    sibling = mp_context.Process(target=os.kill, args=(sleeper.pid, signal.SIGTERM))
    sibling.start()
    for child, exitcode in [(sibling, 0), (sleeper, -signal.SIGTERM)]:
        child.join(timeout=30)
        assert child.exitcode == exitcode


# See also: c03_processes/test_01_work_stays_at_home.py, for run() where start() was meant.
