"""A thread cannot be stopped from outside: not by another thread, and not by `Thread` itself.

One tutorial says that a thread can control the other threads of its process. It cannot: `Thread`
has no `terminate`, no `kill` and no `stop`, since a thread that is torn away in the middle of its
work would leave its locks taken and its files half written for all the others. A thread ends when
its function returns, so the function has to look whether it should. What must be stopped in the
middle has to be a process: that can be killed, and takes with it only memory of its own.

One way to lose a thread in the middle there is: make it a daemon and end the program. The
interpreter does not wait for it, and its `finally` does not run, nor its `with` blocks. A tutorial
records from a camera in such a thread; the end of that recording is missing from the file.

    pytest -p pytest_concurrency examples/c04_threads/test_07_unkillable_thread.py --hazards=fail
"""

from __future__ import annotations

import signal
import time
from threading import Event, Thread
from typing import Any

import pytest


@pytest.mark.hazard(
    "thread-cannot-be-killed",
    raises=AttributeError,
    match="no attribute 'terminate'",
    why="nothing outside can end a thread; its own function has to return",
)
def test_a_thread_has_no_terminate() -> None:
    enough = Event()
    downloader = Thread(target=enough.wait, args=(30,))
    downloader.start()
    try:
        downloader.terminate()  # type: ignore[attr-defined]
    finally:
        enough.set()
        downloader.join(timeout=30)


@pytest.mark.fix("thread-cannot-be-killed")
def test_a_thread_that_looks_at_an_event_ends_when_asked() -> None:
    enough, begun = Event(), Event()

    def download() -> None:
        while not enough.is_set():
            begun.set()

    downloader = Thread(target=download)
    downloader.start()
    assert begun.wait(timeout=30)
    enough.set()
    downloader.join(timeout=30)
    assert not downloader.is_alive()


@pytest.mark.fix("thread-cannot-be-killed")
def test_a_process_can_be_terminated_in_the_middle(mp_context: Any) -> None:
    downloader = mp_context.Process(target=time.sleep, args=(60,))
    downloader.start()
    downloader.terminate()
    downloader.join(timeout=30)
    assert downloader.exitcode == -signal.SIGTERM


RECORDING = """
from threading import Event, Thread

begun, enough = Event(), Event()

def record():
    print("camera on", flush=True)
    try:
        begun.set()
        enough.wait(60)
    finally:
        print("recording saved", flush=True)

camera = Thread(target=record, daemon=True)
camera.start()
begun.wait(30)
"""


@pytest.mark.start_method("spawn")  # threads are the same under each, and once is enough
@pytest.mark.hazard(
    "daemon-thread-cut-off",
    match="was not saved",
    why="the interpreter does not wait for a daemon thread, which never comes to its finally",
)
def test_the_recording_of_a_daemon_thread_is_not_saved(run_script: Any) -> None:
    result = run_script(RECORDING)
    assert result.exitcode == 0
    assert "recording saved" in result.stdout, (
        "the program has ended, and the recording was not saved"
    )


@pytest.mark.start_method("spawn")
@pytest.mark.fix("daemon-thread-cut-off")
def test_a_thread_that_is_asked_and_joined_saves_its_recording(run_script: Any) -> None:
    result = run_script(RECORDING + "enough.set()\ncamera.join()\n")
    assert result.exitcode == 0
    assert result.stdout.splitlines() == ["camera on", "recording saved"]


# See also: test_04_thread_exception.py, for what else a thread does not tell.
