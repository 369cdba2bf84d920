"""A race between processes that is interrupted, ended or timed out leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_concurrency.waiting import wait_until
from tests.plugin.test_interrupt import PYTEST

# The workers note who they are; the schedules are more than anybody waits for.
TEST = """
import os
from pathlib import Path

def add(value):
    Path(f"worker.{os.getpid()}").touch()
    value.value += 1

def put_back(value):
    value.value = 0

def test_race(race, mp_context):
    race.processes(
        add,
        add,
        setup=lambda: mp_context.Value("i", 0),
        reset=put_back,
        strategy="random",
        runs=10_000_000,
    )
"""


@pytest.fixture
def running(
    pytester: pytest.Pytester, start_method: str, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The command of a pytest that is to be disturbed in the middle of a race."""
    monkeypatch.setenv("PYTEST_CONCURRENCY_START_METHOD", start_method)
    monkeypatch.setenv("TMPDIR", str(pytester.path))
    pytester.makepyfile(test_it=TEST)
    return [sys.executable, "-c", PYTEST, "-p", "pytest_concurrency", "-p", "no:cacheprovider"]


@pytest.mark.parametrize("whom", ["pytest", "its group"])
def test_ctrl_c(running: list[str], whom: str) -> None:
    process, workers = started(running)
    (os.kill if whom == "pytest" else os.killpg)(process.pid, signal.SIGINT)
    assert process.wait(30) == pytest.ExitCode.INTERRUPTED
    assert_nothing_is_left(workers)


def test_sigterm(running: list[str]) -> None:
    process, workers = started(running)
    process.terminate()
    process.wait(30)
    assert_nothing_is_left(workers)


@pytest.mark.parametrize("way", ["signal", "thread"])
def test_a_timeout(running: list[str], way: str) -> None:
    process, workers = started([*running, "--timeout=3", f"--timeout-method={way}"])
    assert process.wait(60) == 1
    assert "Timeout" in Path("output").read_text()
    assert_nothing_is_left(workers)


def started(command: list[str]) -> tuple[subprocess.Popen[bytes], list[int]]:
    """Starts pytest, and waits until its race is under way."""
    with open("output", "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    assert wait_until(lambda: len(list(Path().glob("worker.*"))) == 2, 60), Path(
        "output"
    ).read_text()
    return process, [int(path.suffix[1:]) for path in Path().glob("worker.*")]


def assert_nothing_is_left(workers: list[int]) -> None:
    """Fails if a worker lives, or a temporary file is left.

    The folder of a forkserver's socket stays if its parent ends at once: multiprocessing has it so.
    """
    assert wait_until(lambda: not any(is_alive(pid) for pid in workers), 10)
    assert [each for each in Path().glob("pymp-*/*") if not each.is_socket()] == []


def is_alive(pid: int) -> bool:
    """Tells whether there is such a process that has not ended."""
    try:
        text = Path("/proc", str(pid), "stat").read_text(errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"
