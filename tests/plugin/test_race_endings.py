"""However a race ends, everything is as before: primitives, tracing, collector, CPUs, threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_concurrency.waiting import wait_until
from tests.plugin.test_interrupt import PYTEST
from tests.plugin.test_races import PLUGIN

# Notes what a race changes while it runs, and compares when the session ends.
CONFTEST = """
import _thread, gc, os, queue, signal, sys, threading, time
from concurrent import futures
from pathlib import Path

import pytest
from pytest_concurrency.waiting import wait_until

TYPES = [
    type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Event,
    threading.Semaphore, threading.Barrier, threading.Thread, threading.Timer, threading.local,
    queue.Queue, queue.SimpleQueue, futures.Future, futures.ThreadPoolExecutor,
]
MODULES = [_thread, threading, queue, time]

def state():
    seen = {type_.__qualname__: dict(vars(type_)) for type_ in TYPES}
    seen |= {module.__name__: functions(module) for module in MODULES}
    seen["gc"] = gc.isenabled(), gc.get_freeze_count()
    seen["trace"] = sys.gettrace(), threading.gettrace(), sys.getprofile()
    seen["interval"] = sys.getswitchinterval()
    seen["threads"] = threading.enumerate()
    if hasattr(os, "sched_getaffinity"):
        seen["cpus"] = os.sched_getaffinity(0)
    if sys.version_info >= (3, 12):
        seen["tools"] = [sys.monitoring.get_tool(number) for number in range(6)]
    return seen

def functions(module):
    return {name: value for name, value in vars(module).items() if callable(value)}

def tasks():
    # Threads that Python does not know of are seen by the system.
    return len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 0

def pytest_sessionstart(session):
    global before, tasks_before
    before, tasks_before = state(), tasks()

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    after = state()
    changed = [name for name in before if before[name] != after[name]]
    # The system forgets a thread a little after it has ended.
    if not wait_until(lambda: tasks() == tasks_before, 10):
        changed.append("tasks")
    Path("changed").write_text(repr(changed))
"""
# A pipe that nobody writes to, until the test ends.
BODY = """
import os, threading
from contextlib import contextmanager
from pathlib import Path

pipe = -1

class Shared:
    def __init__(self):
        self.value = 0
        self.locks = threading.Lock(), threading.Lock()
        self.pipe = pipe

def add(shared):
    shared.value += 1

def fail(shared):
    add(shared)
    raise ValueError("in an actor")

def forwards(shared):
    with shared.locks[0], shared.locks[1]:
        add(shared)

def backwards(shared):
    with shared.locks[1], shared.locks[0]:
        add(shared)

def read(shared):
    add(shared)
    Path("running").touch()
    os.read(shared.pipe, 1)
    add(shared)

def spin(shared):
    Path("running").touch()
    while True:
        pass

def check(shared):
    Path("running").touch()

@contextmanager
def a_pipe():
    global pipe
    pipe, write = os.pipe()
    try:
        yield
    finally:
        os.close(write)
        os.close(pipe)
"""
TESTS = """
def test_exception(race):
    race.threads(fail, add, setup=Shared)

def test_deadlock(race):
    race.threads(forwards, backwards, setup=Shared)

def test_read(race):
    with a_pipe():
        race.threads(read, add, setup=Shared)

def test_search(race):
    race.threads(add, add, setup=Shared, check=check, strategy="random", runs=10**9)

def test_spin(race):
    race.threads(spin, add, setup=Shared)

def test_check(race):
    race.threads(add, add, setup=Shared, check=lambda shared: 1 / 0)
"""


@pytest.fixture(autouse=True)
def _suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it=BODY + TESTS)


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("test_exception", "fails without any interleaving: actor 0 (fail) raised ValueError: *"),
        ("test_deadlock", "deadlock: every actor waits"),
        ("test_check", "fails without any interleaving: the check failed with ZeroDivisionError*"),
    ],
)
def test_a_finding(pytester: pytest.Pytester, test: str, line: str) -> None:
    result = pytester.runpytest_subprocess(*PLUGIN, "-k", test, timeout=60)
    result.assert_outcomes(failed=1, deselected=5)
    result.stdout.fnmatch_lines([line])
    assert_nothing_changed()


@pytest.mark.parametrize("test", ["test_read", "test_search", "test_spin"])
def test_a_timeout_by_signal(pytester: pytest.Pytester, test: str) -> None:
    result = pytester.runpytest_subprocess(
        *(*PLUGIN, "-k", test, "--timeout=1", "--timeout-method=signal"),
        *("-o", "timeout_func_only=true"),
        timeout=60,
    )
    result.assert_outcomes(failed=1, deselected=5)
    result.stdout.fnmatch_lines(["E * Failed: Timeout (>1.0s)*"])
    result.stdout.no_fnmatch_line("*Warning*")
    assert_nothing_changed()


@pytest.mark.parametrize("test", ["test_read", "test_search"])
def test_a_timeout_by_thread(pytester: pytest.Pytester, test: str) -> None:
    """The run ends at once: pytest-timeout calls os._exit."""
    result = pytester.runpytest_subprocess(
        *(*PLUGIN, "-k", test, "--timeout=1", "--timeout-method=thread"), timeout=60
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*Timeout*"])
    assert not Path("changed").exists()


@pytest.mark.parametrize("test", ["test_read", "test_search", "test_spin"])
def test_ctrl_c(pytester: pytest.Pytester, test: str) -> None:
    command = [sys.executable, "-c", PYTEST, *PLUGIN, "-k", test]
    with open("output", "wb") as output:
        run = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        assert wait_until(Path("running").exists, 30), Path("output").read_text()
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(30) == pytest.ExitCode.INTERRUPTED, Path("output").read_text()
    finally:
        run.kill()
        run.wait()
    assert "KeyboardInterrupt" in Path("output").read_text()
    assert_nothing_changed()


def assert_nothing_changed() -> None:
    assert Path("changed").read_text() == "[]"
