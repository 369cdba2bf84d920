"""A timeout of pytest-timeout ends the children first, by either of its methods."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

RUN = ("-p", "pytest_concurrency", "-p", "no:cacheprovider")

HANGING = """
import os, threading, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

def note_and_hang(_):
    with open("pids", "a") as file:
        file.write(f"{os.getpid()} ")
    threading.Event().wait()

def test_before(): pass

def test_child(mp_context):
    child = mp_context.Process(target=note_and_hang, args=(0,))
    child.start()
    child.join()

def test_pool(mp_context):
    with mp_context.Pool(2) as pool:
        pool.map(note_and_hang, [1, 2], chunksize=1)

def test_executor(mp_context):
    with ProcessPoolExecutor(2, mp_context=mp_context) as executor:
        list(executor.map(note_and_hang, [1, 2]))

def test_after(): pass
"""


def test_by_signal(pytester: pytest.Pytester, start_method: str) -> None:
    path = pytester.makepyfile(HANGING)
    result = pytester.runpytest_subprocess(
        *RUN,
        "--timeout=2",
        "--timeout-method=signal",
        f"--start-method={start_method}",
        timeout=60,
    )
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*Timeout (>2.0s) from pytest-timeout.",
            "*children at the timeout*",
            f"child * is still running, started at {path}:* in test_child",
            "  main thread, innermost call last:",
            f'    File "{path}", line 8, in note_and_hang',
        ]
    )
    assert_gone(pytester.path / "pids")


@pytest.mark.parametrize("test", ["test_child", "test_pool", "test_executor"])
def test_by_thread(pytester: pytest.Pytester, test: str) -> None:
    """The run ends at once: pytest-timeout calls os._exit."""
    path = pytester.makepyfile(HANGING)
    result = pytester.runpytest_subprocess(
        *RUN, "--timeout=2", "--timeout-method=thread", "--start-method=spawn", "-k", test,
        timeout=60,
    )  # fmt: skip
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*Children at the timeout*",
            f"child * is still running, started at {path}:* in {test}",
            f'    File "{path}", line 8, in note_and_hang',
            "*Timeout*",
        ]
    )
    assert_gone(pytester.path / "pids")


def test_a_debugger_is_left_alone(pytester: pytest.Pytester) -> None:
    """pytest-timeout does nothing while a trace function of a debugger is set; nor do we."""
    pytester.makepyfile(
        pydevd_fake="""
        def trace(frame, event, arg): pass
        """,
        test_it="""
        import sys, time
        import pydevd_fake

        def nap(): time.sleep(1.5)

        def test_it(mp_context):
            old = sys.gettrace()
            sys.settrace(pydevd_fake.trace)
            try:
                child = mp_context.Process(target=nap)
                child.start()
                child.join()
                assert child.exitcode == 0
            finally:
                sys.settrace(old)
        """,
    )
    result = pytester.runpytest_subprocess(*RUN, "--timeout=0.5", "--start-method=fork")
    result.assert_outcomes(passed=1)


def assert_gone(pids: Path) -> None:
    numbers = pids.read_text().split()
    assert numbers
    for pid in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
