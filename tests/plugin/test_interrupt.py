"""Ctrl-C in the middle of a test leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_concurrency.waiting import wait_until

WAITING = """
import os, subprocess, threading
from pathlib import Path

def note_and_wait():
    command = subprocess.Popen(["sleep", "100"])
    Path("pids.part").write_text(f"{os.getpid()} {command.pid}")
    Path("pids.part").rename("pids")
    threading.Event().wait()

def test_run_in_process(run_in_process):
    run_in_process(note_and_wait)

def test_process(mp_context):
    child = mp_context.Process(target=note_and_wait)
    child.start()
    child.join()

def test_script(run_script):
    run_script(Path(__file__).with_name("script.py"))
"""
SCRIPT = """
import test_it
if __name__ == "__main__":
    test_it.note_and_wait()
"""


# A shell starts what runs in the background with SIGINT ignored, and Python leaves it so.
PYTEST = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("pytest", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("test", ["test_run_in_process", "test_process", "test_script"])
def test_no_process_survives_it(
    pytester: pytest.Pytester, start_method: str, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_CONCURRENCY_START_METHOD", start_method)
    pytester.makepyfile(test_it=WAITING, script=SCRIPT)
    command = [sys.executable, "-c", PYTEST, "-p", "pytest_concurrency", "-k", test]
    with open("output", "wb") as output:
        run = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    pids = Path("pids")
    try:
        assert wait_until(pids.exists, 30), Path("output").read_text()
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(30) == pytest.ExitCode.INTERRUPTED, Path("output").read_text()
    finally:
        run.kill()
        run.wait()
    assert "KeyboardInterrupt" in Path("output").read_text()
    for pid in pids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
