"""A new thread starts with an empty context: what its creator had set is not there.

A `ContextVar` or a `threading.local` looks like a global, so one expects a thread to see what was
set before it started. But each thread has values of its own, and a new one has none: a user that
was logged in is a stranger there, and a precision that was set is back at its default. The context
of the creator can be copied, and the thread run in the copy.

Two more things that a thread has for itself. Its number tells it from all threads that live, not
from those that lived: the system gives it away again. And `time.sleep` holds up the thread that
calls it; one tutorial says that it suspends the process.

    pytest -p pytest_concurrency examples/c04_threads/test_13_what_a_thread_has.py --hazards=fail
"""

from __future__ import annotations

import sys
import threading
import time
from contextvars import ContextVar, copy_context
from threading import Event, Thread

import pytest

user = ContextVar("user", default="nobody")
INHERITS = bool(getattr(sys.flags, "thread_inherit_context", False))


def run_to_its_end(thread: Thread) -> None:
    thread.start()
    thread.join(timeout=30)


@pytest.mark.skipif(
    INHERITS, reason="-X thread_inherit_context is set, as it is by default without the GIL"
)
@pytest.mark.hazard(
    "context-not-inherited-by-thread",
    match="in the thread it was nobody",
    why="each thread has a context of its own, which is empty when the thread starts",
)
def test_a_thread_does_not_see_what_was_set_before_it_started() -> None:
    seen: list[str] = []
    token = user.set("Ann")
    run_to_its_end(Thread(target=lambda: seen.append(user.get())))
    user.reset(token)
    assert seen == ["Ann"], f"Ann was logged in, and in the thread it was {seen[0]}"


@pytest.mark.fix("context-not-inherited-by-thread")
def test_a_copy_of_the_context_takes_it_along() -> None:
    seen: list[str] = []
    token = user.set("Ann")
    context = copy_context()
    run_to_its_end(Thread(target=context.run, args=(lambda: seen.append(user.get()),)))
    user.reset(token)
    assert seen == ["Ann"]


@pytest.mark.fix("context-not-inherited-by-thread")
def test_an_argument_arrives() -> None:
    seen: list[str] = []
    run_to_its_end(Thread(target=seen.append, args=("Ann",)))
    assert seen == ["Ann"]


@pytest.mark.hazard(
    "thread-ident-reused",
    match="some of their notes are gone",
    why="a number is unique among the threads that live, and is given away again after that",
)
def test_notes_by_thread_number_are_overwritten() -> None:
    notes: dict[int, str] = {}
    for name in ("first", "second", "third", "fourth", "fifth"):
        run_to_its_end(Thread(target=lambda: notes.update({threading.get_ident(): name})))  # noqa: B023
    are_gone = len(notes) < 5
    assert not are_gone, "5 threads have run, and some of their notes are gone"


@pytest.mark.fix("thread-ident-reused")
def test_a_name_of_ones_own_is_not_given_away() -> None:
    notes: dict[str, int] = {}
    for name in ("first", "second", "third"):
        work = Thread(target=lambda: notes.update({threading.current_thread().name: 1}), name=name)
        run_to_its_end(work)
    assert list(notes) == ["first", "second", "third"]


@pytest.mark.fact("sleep-suspends-only-the-thread")
def test_others_go_on_while_a_thread_sleeps() -> None:
    asleep, awake = Event(), Event()

    def sleeper() -> None:
        asleep.set()
        time.sleep(0.1)
        awake.set()

    thread = Thread(target=sleeper)
    thread.start()
    assert asleep.wait(timeout=30)
    steps = 0
    while not awake.is_set():
        steps += 1
    thread.join(timeout=30)
    assert steps


# See also: c04_threads/test_07_stopping_a_thread.py, for what can be done to a thread.
