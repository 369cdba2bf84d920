"""A value that was set for "everything that follows" is not there in a new thread.

A ContextVar holds who is logged in, which request this is, which language to answer in. It is set
once, and every function that is called later sees it. A thread that is started later does not: it
begins with an empty context, and reads the default. What is set on a `threading.local` is not there
either, which is what that is for. An executor does the same to its tasks, while `asyncio` hands the
context on to tasks and to `to_thread`.

So take a copy along. From Python 3.14 on, `Thread(context=...)` takes one, and with `-X
thread_inherit_context=1` every thread starts with a copy of its starter's, which is the default of
free-threaded builds from then on.

    pytest -p pytest_concurrency examples/c04_threads/test_16_context_stays_behind.py --hazards=fail
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from threading import Thread

import pytest

INHERITED = bool(getattr(sys.flags, "thread_inherit_context", False))

language = ContextVar("language", default="English")


@pytest.fixture(autouse=True)
def _french_is_asked_for() -> Iterator[None]:
    token = language.set("French")
    yield
    language.reset(token)


@pytest.mark.skipif(INHERITED, reason="this Python has the flag thread_inherit_context switched on")
@pytest.mark.hazard(
    "context-not-inherited-by-thread",
    match="the thread answers in English",
    why="a new thread begins with an empty context, and reads the default",
)
def test_a_thread_does_not_see_the_context_of_its_starter() -> None:
    answers: list[str] = []
    thread = Thread(target=lambda: answers.append(language.get()))
    thread.start()
    thread.join(timeout=30)
    assert answers == ["French"], f"French was asked for, and the thread answers in {answers[0]}"


@pytest.mark.fix("context-not-inherited-by-thread")
def test_run_in_a_copy_of_the_context_it_does() -> None:
    answers: list[str] = []
    thread = Thread(target=copy_context().run, args=(lambda: answers.append(language.get()),))
    thread.start()
    thread.join(timeout=30)
    assert answers == ["French"]


@pytest.mark.fix("context-not-inherited-by-thread")
def test_so_does_a_task_of_an_executor() -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(copy_context().run, language.get)
        assert answer.result(timeout=30) == "French"


# See also: test_04_thread_exception.py, for what does not come back from a thread.
