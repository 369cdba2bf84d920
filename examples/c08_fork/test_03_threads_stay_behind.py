"""A thread of the parent does not run in the child, not even after a fork.

One tutorial says that a forked child is effectively identical to its parent, and inherits all of
its resources. That is true of memory and of open files. Of the threads, only the one that called
fork goes on in the child; the others are not there, and what they would have done is not done. A
clerk who works through a list of orders in the background stays with the parent.

With spawn and forkserver one expects no thread of the parent, and finds none. The remedy is the
same everywhere: a thread that a child needs is started in the child.

Python 3.12 and later warn when a process with threads forks. The test below records that warning; a
filter that turns warnings into errors does not stop the fork, which is over when Python warns.

    pytest -p pytest_concurrency examples/c08_fork/test_03_threads_stay_behind.py --hazards=fail
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def _clerk_in_the_parent() -> Iterator[None]:
    may_go_home = threading.Event()
    clerk = threading.Thread(target=may_go_home.wait, args=(60,), name="clerk")
    clerk.start()
    yield
    may_go_home.set()
    clerk.join(timeout=30)


def threads_here() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate())


def tell_threads(answers: Any) -> None:
    answers.send(threads_here())


def tell_threads_after_starting_one(answers: Any) -> None:
    may_go_home = threading.Event()
    clerk = threading.Thread(target=may_go_home.wait, args=(60,), name="clerk")
    clerk.start()
    tell_threads(answers)
    may_go_home.set()
    clerk.join(timeout=30)


def answer_of_child(mp_context: Any, target: Any) -> Any:
    here, there = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=target, args=(there,))
    with here, there:
        child.start()
        answer = here.recv() if here.poll(30) else None
        child.join(timeout=30)
    assert child.exitcode == 0
    return answer


@pytest.mark.hazard(
    "fork-keeps-only-calling-thread",
    match="the parent has a clerk",
    why="a child has one thread, whatever started it: the others stay with the parent",
)
@pytest.mark.usefixtures("_clerk_in_the_parent")
def test_the_threads_of_the_parent_are_not_in_the_child(mp_context: Any) -> None:
    threads = answer_of_child(mp_context, tell_threads)
    assert "clerk" in threads, f"the parent has a clerk, and the child has {threads}"


@pytest.mark.fix("fork-keeps-only-calling-thread")
def test_a_thread_that_the_child_starts_is_there(mp_context: Any) -> None:
    threads = answer_of_child(mp_context, tell_threads_after_starting_one)
    assert threads == ["MainThread", "clerk"]


@pytest.mark.fact("fork-in-threaded-parent-warning")
@pytest.mark.usefixtures("_clerk_in_the_parent")
def test_python_warns_of_a_fork_beside_threads_since_3_12(
    mp_context: Any, start_method: str
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer_of_child(mp_context, tell_threads)
    warned = any("is multi-threaded, use of fork() may lead" in str(w.message) for w in caught)
    assert warned == (start_method == "fork" and sys.version_info >= (3, 12))


# See also: test_01_held_lock.py, for a lock that such a thread was holding.
