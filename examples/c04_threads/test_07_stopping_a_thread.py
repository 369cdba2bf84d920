"""A thread cannot be stopped from outside, and a daemon thread is cut off in the middle.

One tutorial says that a thread can control the other threads of its process. It cannot: there is no
`terminate()`, `kill()` or `stop()`. A thread ends when its function returns, so it has to be asked,
and has to look whether it was asked.

A daemon thread seems to be a way out, since the program ends without waiting for it. It ends as if
the power had failed: what it was writing stays half written, and its `finally` never runs.

    pytest -p pytest_concurrency examples/c04_threads/test_07_stopping_a_thread.py --hazards=fail
"""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest


@pytest.mark.hazard(
    "thread-cannot-be-killed",
    raises=AttributeError,
    match="'Thread' object has no attribute 'terminate'",
    why="a thread ends when its function returns; nothing can end it from outside",
)
def test_a_thread_has_no_terminate() -> None:
    stop = Event()
    thread: Any = Thread(target=stop.wait, args=(30,))
    thread.start()
    try:
        thread.terminate()
    finally:
        stop.set()
        thread.join(timeout=30)


def count_until(stop: Event, counted: list[int]) -> None:
    while not stop.wait(0.001):
        counted.append(len(counted))


@pytest.mark.fix("thread-cannot-be-killed")
def test_an_event_that_the_thread_looks_at_ends_it() -> None:
    stop = Event()
    thread = Thread(target=count_until, args=(stop, []))
    thread.start()
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.mark.fix("thread-cannot-be-killed")
def test_a_process_can_be_terminated(mp_context: Any) -> None:
    child = mp_context.Process(target=mp_context.Event().wait, args=(30,))
    child.start()
    child.terminate()
    child.join(timeout=30)
    assert child.exitcode == -15


PROGRAM = """
from threading import Event, Thread

recording, stop = Event(), Event()

def record():
    try:
        print("recording", flush=True)
        recording.set()
        stop.wait(30)
    finally:
        print("the file is closed", flush=True)

camera = Thread(target=record, daemon={daemon})
camera.start()
recording.wait(30)
"""
ASK_AND_WAIT = """
stop.set()
camera.join(30)
"""


@pytest.mark.start_method("spawn")
@pytest.mark.hazard(
    "daemon-thread-cut-off",
    match="the recording was cut off",
    why="the program ended, and took the daemon thread with it before its finally",
)
def test_the_finally_of_a_daemon_thread_does_not_run(run_script: Any) -> None:
    result = run_script(PROGRAM.format(daemon=True))
    assert result.exitcode == 0
    assert "the file is closed" in result.stdout, (
        f"the recording was cut off; the program printed only {result.stdout!r}"
    )


@pytest.mark.start_method("spawn")
@pytest.mark.fix("daemon-thread-cut-off")
@pytest.mark.parametrize("daemon", [True, False])
def test_asking_it_to_stop_and_joining_it_closes_the_file(run_script: Any, daemon: bool) -> None:
    result = run_script(PROGRAM.format(daemon=daemon) + ASK_AND_WAIT)
    assert result.stdout == "recording\nthe file is closed\n"


# See also: c04_threads/test_13_what_a_thread_has.py, for what each thread has for itself.
