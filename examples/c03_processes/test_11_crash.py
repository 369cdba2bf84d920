"""A library crashes in a thread, and the whole program is gone without an error.

An error in a thread ends that thread and prints a traceback, so one expects a crash to do the same.
But a crash is no error of Python: C code has touched memory that it does not have, the system sends
SIGSEGV, and a signal ends the process, with all its threads. `except` does not see it, `finally`
does not run, nothing is printed. One tutorial says that a crashing thread may take the process
along: in C code, or with `os._exit()`, it always does.

A process has memory of its own, so unsafe code belongs into one: its crash is an exit code there
and the neighbours go on. Only what they share suffers: a lock that the dead one held stays locked.

Plain multiprocessing tells of the crash by `exitcode`, and only if asked. `run_in_process` raises,
names the signal, and has the line of Python that called the C code.

    pytest -p pytest_concurrency examples/c03_processes/test_11_crash.py --hazards=fail
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
from typing import Any

import pytest

from pytest_concurrency import ChildDied

IN_A_THREAD = """
import ctypes, faulthandler, resource
from threading import Thread

faulthandler.disable()  # as it is without a test run: then a crash is silent
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    thread = Thread(target=ctypes.string_at, args=(0,))
    thread.start()
    thread.join()
finally:
    print("the program goes on")
"""


@pytest.mark.hazard(
    "thread-crash-kills-process",
    match="ended with exit code -11 and printed: nothing",
    why="threads live in one process, and the signal of a crash ends the process",
)
@pytest.mark.start_method("spawn")  # of a script that starts no process
def test_a_crash_in_a_thread_ends_the_program(run_script: Any) -> None:
    result = run_script(IN_A_THREAD)
    assert result.stdout == "the program goes on\n", (
        f"the program ended with exit code {result.exitcode} and printed: "
        f"{result.stdout + result.stderr or 'nothing'}"
    )


def crash() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


def crash_in_silence() -> None:
    faulthandler.disable()  # a forked child has the one of the test run
    crash()


@pytest.mark.fix("thread-crash-kills-process")
def test_a_crash_in_a_process_is_an_exit_code(mp_context: Any) -> None:
    child = mp_context.Process(target=crash_in_silence)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == -signal.SIGSEGV


@pytest.mark.fix("thread-crash-kills-process")
def test_run_in_process_names_the_signal_and_the_line(run_in_process: Any) -> None:
    with pytest.raises(ChildDied, match=r"ended before it returned: signal 11, SIGSEGV") as death:
        run_in_process(crash)
    assert "ctypes.string_at(0)" in str(death.value)


def echo(line: Any) -> None:
    while (word := line.recv()) != "enough":
        line.send(word)


@pytest.mark.fact("crash-isolated-in-process")
def test_a_neighbour_works_on_while_others_crash(mp_context: Any) -> None:
    line, end = mp_context.Pipe()
    neighbour = mp_context.Process(target=echo, args=(end,))
    neighbour.start()
    ends: list[tuple[Any, tuple[int, ...], int]] = [
        (crash_in_silence, (), -signal.SIGSEGV),
        (signal.raise_signal, (signal.SIGKILL,), -signal.SIGKILL),
        (os._exit, (3,), 3),
    ]
    crashing = [mp_context.Process(target=target, args=args) for target, args, _ in ends]
    for child in crashing:
        child.start()
    for child in crashing:
        child.join(timeout=30)
    assert [child.exitcode for child in crashing] == [code for _, _, code in ends]
    line.send("still there?")
    assert line.poll(30)
    assert line.recv() == "still there?"
    line.send("enough")
    neighbour.join(timeout=30)
    assert neighbour.exitcode == 0


# See also: c03_processes/test_03_exitcode_unchecked.py, for the other exit codes.
