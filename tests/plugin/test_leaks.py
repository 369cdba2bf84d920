"""What a test leaves behind is named, with the line that made it, and removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RUN = ("-p", "pytest_concurrency", "-p", "no:cacheprovider", "-q")


CHILDREN = """
import os, subprocess, sys, time
import pytest

def leave_an_orphan():
    subprocess.Popen(["sleep", "100"])
    os._exit(0)

def test_running(mp_context):
    mp_context.Process(target=time.sleep, args=(100,), name="sleeper").start()

def test_ended(mp_context):
    mp_context.Process(target=sys.exit, args=(4,), name="ended").start()

def test_orphan(mp_context):
    child = mp_context.Process(target=leave_an_orphan)
    child.start()
    child.join()

def test_command():
    subprocess.Popen(["sleep", "100"])

def test_forked_by_hand():
    if os.fork() == 0:
        time.sleep(100)

def test_clean(mp_context):
    child = mp_context.Process(target=print)
    child.start()
    child.join()
"""


def test_a_child_left_behind_is_an_error(pytester: pytest.Pytester, start_method: str) -> None:
    path = pytester.makepyfile(CHILDREN)
    result = pytester.runpytest_subprocess(*RUN, f"--start-method={start_method}")
    # A forkserver takes the exit codes of its children itself: nothing is left of one that ended.
    ended = 0 if start_method == "forkserver" else 1
    result.assert_outcomes(passed=6, errors=4 + ended)
    made = f"started at {path}"
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_running*",
            "the test left 1 child behind",
            f"  child 'sleeper' (pid *) is still running, {made}:* in test_running",
        ]
    )
    if ended:
        result.stdout.fnmatch_lines(
            [f"  child 'ended' (pid *) has ended (exit code 4) but was never joined, {made}:* in *"]
        )
    result.stdout.fnmatch_lines(
        [
            f"  child (pid *) is still running, {made}:* in leave_an_orphan",
            f"  child (pid *) is still running, {made}:* in test_command",
            "    sleep 100",
            "*ERROR at teardown of test_forked_by_hand*",
        ]
    )


def test_a_child_that_hangs_is_shown_with_its_stack(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        import threading

        def wait_for_ever(ready):
            ready.set()
            threading.Event().wait()

        def test_it(mp_context):
            ready = mp_context.Event()
            mp_context.Process(target=wait_for_ever, args=(ready,)).start()
            assert ready.wait(10)
        """
    )
    result = pytester.runpytest_subprocess(*RUN)
    result.assert_outcomes(passed=3, errors=3)
    assert result.stdout.str().count(f'File "{path}", line 5, in wait_for_ever') == 3
    assert result.stdout.str().count("    threading.Event().wait()") == 3


THREADS_AND_NAMES = """
import os, threading
from multiprocessing import shared_memory
import pytest

GO = threading.Event()
KEPT = []

def test_thread():
    threading.Thread(target=GO.wait, name="waiter").start()

def test_daemon_thread():
    threading.Thread(target=GO.wait, daemon=True).start()

def test_go():
    GO.set()

def test_semaphore(mp_context):
    KEPT.append(mp_context.Lock())

def make():
    block = shared_memory.SharedMemory(create=True, size=10)
    with open("names", "a") as file:
        file.write(block.name + " ")
    block.close()

def test_shared_memory():
    make()

def make_and_die():
    make()
    os._exit(1)

def test_shared_memory_of_a_child(mp_context):
    child = mp_context.Process(target=make_and_die)
    child.start()
    child.join()

def test_clean(mp_context):
    lock = mp_context.Lock()
    block = shared_memory.SharedMemory(create=True, size=10)
    block.close()
    block.unlink()
"""


def test_other_things_left_behind_are_warned_of(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(THREADS_AND_NAMES)
    result = pytester.runpytest_subprocess(*RUN, "--start-method=spawn")
    result.assert_outcomes(passed=7, warnings=4)
    result.stdout.fnmatch_lines(
        [
            "*LeakWarning: the test left 1 thread behind",
            f"    thread 'waiter' is still running, started at {path}:* in test_thread",
            "*LeakWarning: the test left 1 semaphore behind",
            f"    semaphore /mp-* still has its name in the system, made at {path}:* in *",
            "*LeakWarning: the test left 1 block of shared memory behind",
            f"    shared memory * still has its name in the system, made at {path}:* in make",
            "*LeakWarning: the test left 1 block of shared memory behind",
            f"    shared memory * made by child process * at {path}:* in make",
        ]
    )
    assert_names_are_gone(result)


def assert_names_are_gone(result: pytest.RunResult) -> None:
    names = re.findall(r"/(psm_\w+|mp-\w+) still has its name", result.stdout.str())
    assert names
    for name in names:
        assert not Path("/dev/shm", name).exists()
        assert not Path("/dev/shm", f"sem.{name}").exists()


FIXTURES = """
import pytest

@pytest.fixture
def lock(mp_context):
    return mp_context.Lock()

@pytest.fixture
def pool(mp_context):
    pool = mp_context.Pool(1)
    yield pool
    pool.close()
    pool.join()

def test_lock(lock):
    assert lock.acquire(timeout=1)

def test_pool(pool):
    assert pool.map(abs, [-1]) == [1]
"""


def test_what_a_fixture_has_made_is_not_left_behind(pytester: pytest.Pytester) -> None:
    # pytest refers to the values of fixtures for a little longer than to the test.
    pytester.makepyfile(FIXTURES)
    result = pytester.runpytest_subprocess(*RUN, "-W", "error", "--leaks=error")
    result.assert_outcomes(passed=6)


def test_that_of_fork_never_has_a_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(THREADS_AND_NAMES)
    result = pytester.runpytest_subprocess(*RUN, "--start-method=fork")
    result.assert_outcomes(passed=7, warnings=3)
    result.stdout.no_fnmatch_line("*semaphore*")


@pytest.mark.parametrize(
    ("policy", "outcomes"),
    [
        ("error", {"passed": 8, "errors": 5}),
        ("warn", {"passed": 8, "warnings": 5}),
        ("off", {"passed": 8}),
    ],
)
def test_the_policy(pytester: pytest.Pytester, policy: str, outcomes: dict[str, int]) -> None:
    pytester.makepyfile(
        THREADS_AND_NAMES
        + """
import time

def test_child(mp_context):
    mp_context.Process(target=time.sleep, args=(0.2,)).start()
"""
    )
    result = pytester.runpytest_subprocess(*RUN, "--start-method=spawn", f"--leaks={policy}")
    result.assert_outcomes(**outcomes)
    if policy == "off":
        for name in (pytester.path / "names").read_text().split():
            Path("/dev/shm", name).unlink(missing_ok=True)


def test_what_a_fixture_of_a_broader_scope_made_is_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, time
        import pytest

        @pytest.fixture(scope="module")
        def manager():
            with multiprocessing.get_context("spawn").Manager() as manager:
                yield manager

        @pytest.fixture(scope="module")
        def careless():
            multiprocessing.get_context("fork").Process(
                target=time.sleep, args=(100,), name="careless").start()

        def test_one(manager, careless): pass
        def test_two(manager, careless): pass
        def test_last(manager, careless): pass
        """
    )
    result = pytester.runpytest_subprocess(*RUN, "-v")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_last*", "*child 'careless'*in careless*"]
    )


def test_a_failing_teardown_is_not_hidden_by_a_leak(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import time
        import pytest

        @pytest.fixture
        def broken():
            yield
            raise RuntimeError("teardown failed")

        @pytest.mark.start_method("fork")
        def test_it(mp_context, broken):
            mp_context.Process(target=time.sleep, args=(100,)).start()
        """
    )
    result = pytester.runpytest_subprocess(*RUN)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["E * RuntimeError: teardown failed", "E * the test left 1 child behind"]
    )


def test_it_is_the_test_that_leaked_that_fails(pytester: pytest.Pytester) -> None:
    """Under xdist too, where each worker has its own children."""
    pytester.makepyfile(CHILDREN)
    result = pytester.runpytest_subprocess(*RUN, "--start-method=spawn", "-n2")
    result.assert_outcomes(passed=6, errors=5)
