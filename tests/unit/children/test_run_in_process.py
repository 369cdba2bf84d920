"""`run_in_process`: every way in which a child can end."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency import ChildDied, ChildHung, NotPicklable
from pytest_concurrency.children.processes import descendants, without_helpers
from pytest_concurrency.children.runner import RunInProcess


def test_the_result_comes_back(run_in_process: RunInProcess) -> None:
    assert run_in_process(divmod, 17, 5) == (3, 2)
    assert run_in_process(sorted, [2, 3, 1], reverse=True) == [3, 2, 1]


def its_own_pid() -> int:
    return os.getpid()


def test_it_runs_in_another_process(run_in_process: RunInProcess) -> None:
    assert run_in_process(its_own_pid) != os.getpid()


def increment(value: Any) -> None:
    value.value += 1


def test_what_only_a_process_may_be_given(run_in_process: RunInProcess, mp_context: Any) -> None:
    value = mp_context.Value("i", 0)
    run_in_process(increment, value)
    assert value.value == 1


class TestException:
    @staticmethod
    def fail() -> None:
        try:
            raise KeyError("the reason")
        except KeyError as reason:
            error = ValueError("the failure")
            error.__notes__ = ["a note"]  # type: ignore[attr-defined]
            raise error from reason

    def test_it_is_raised_with_the_traceback_and_notes_of_the_child(
        self, run_in_process: RunInProcess
    ) -> None:
        with pytest.raises(ValueError, match="the failure") as caught:
            run_in_process(self.fail)
        assert caught.value.__notes__ == ["a note"]  # type: ignore[attr-defined]
        told = str(caught.value.__cause__)
        assert 'raise KeyError("the reason")' in told
        assert "The above exception was the direct cause" in told
        assert f'{Path(__file__).name}", line' in told
        assert "worker.py" not in told, "our own frames are noise"

    def test_notes_survive_a_reduce_that_drops_them(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(Forgetful) as caught:
            run_in_process(raise_forgetful)
        assert caught.value.__notes__ == ["remember me"]  # type: ignore[attr-defined]

    def test_one_that_does_not_unpickle_is_explained(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(NotPicklable) as caught:
            run_in_process(raise_two_arguments)
        assert "TwoArguments: 7: no luck" in str(caught.value).splitlines()[0]
        assert "__init__" in str(caught.value)
        assert "raise TwoArguments(7, 'no luck')" in str(caught.value.__cause__)

    def test_one_that_does_not_pickle_is_explained(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(NotPicklable, match="CarriesLock: carries a lock") as caught:
            run_in_process(raise_with_lock)
        assert "exception.args[1]" in str(caught.value)
        assert "lock" in str(caught.value)

    def test_a_keyboard_interrupt_of_the_child_is_not_one_of_the_run(
        self, run_in_process: RunInProcess
    ) -> None:
        with pytest.raises(ChildDied, match="KeyboardInterrupt"):
            run_in_process(interrupt_oneself)


class Forgetful(Exception):
    def __reduce__(self) -> Any:
        return Forgetful, ()


def raise_forgetful() -> None:
    error = Forgetful()
    error.__notes__ = ["remember me"]  # type: ignore[attr-defined]
    raise error


class TwoArguments(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")


def raise_two_arguments() -> None:
    raise TwoArguments(7, 'no luck')  # fmt: skip


class CarriesLock(ValueError):
    def __str__(self) -> str:
        return "carries a lock"


def raise_with_lock() -> None:
    raise CarriesLock(1, threading.Lock())


def interrupt_oneself() -> None:
    raise KeyboardInterrupt


class TestResult:
    def test_one_that_cannot_be_pickled_is_explained(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(NotPicklable) as caught:
            run_in_process(return_lock)
        assert "return_lock() returned, but its result cannot be sent back" in str(caught.value)
        assert "result['lock']" in str(caught.value)

    def test_one_that_cannot_be_loaded_is_explained(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(NotPicklable, match="cannot be loaded here") as caught:
            run_in_process(return_trap)
        assert "RuntimeError: sprung" in str(caught.value)


def return_lock() -> dict[str, Any]:
    return {"lock": threading.Lock()}


def spring() -> None:
    raise RuntimeError("sprung")


class Trap:
    def __reduce__(self) -> Any:
        return spring, ()


def return_trap() -> Trap:
    return Trap()


class TestDeath:
    def test_sys_exit(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match=r"by sys.exit\(\): exit code 3") as caught:
            run_in_process(sys.exit, 3)
        assert caught.value.exitcode == 3

    def test_sys_exit_with_a_text(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="exit code 1") as caught:
            run_in_process(sys.exit, "no more money")
        assert "no more money" in str(caught.value)

    def test_os_exit(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="before it returned: exit code 7") as caught:
            run_in_process(os._exit, 7)
        assert caught.value.exitcode == 7

    def test_segmentation_fault(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="signal 11, SIGSEGV") as caught:
            run_in_process(crash)
        assert caught.value.exitcode == -signal.SIGSEGV
        assert "faulthandler" in str(caught.value)
        assert "in crash" in str(caught.value)

    def test_kill(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="signal 9, SIGKILL"):
            run_in_process(signal_oneself, signal.SIGKILL)

    def test_the_end_of_stderr_is_told(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="these were my last words") as caught:
            run_in_process(last_words)
        assert caught.value.stderr == "these were my last words\n"

    def test_death_after_the_result_is_not_swallowed(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildDied, match="after it returned, while it was ending: exit code 5"):
            run_in_process(die_at_exit)


def crash() -> None:
    ctypes.string_at(0)


def signal_oneself(number: int) -> None:
    os.kill(os.getpid(), number)


def last_words() -> None:
    print("these were my last words", file=sys.stderr, flush=True)
    os._exit(1)


def die_at_exit() -> str:
    from multiprocessing import util

    util.Finalize(None, os._exit, args=(5,), exitpriority=1)
    return "fine"


class TestHang:
    def test_in_python(self, run_in_process: RunInProcess) -> None:
        assert "in spin" in hang_of(run_in_process, spin)

    def test_in_a_c_call(self, run_in_process: RunInProcess) -> None:
        assert "in sleep_in_c" in hang_of(run_in_process, sleep_in_c)

    def test_in_a_lock_with_a_second_thread(self, run_in_process: RunInProcess) -> None:
        told = hang_of(run_in_process, deadlock)
        assert "main thread" in told
        assert "in deadlock" in told
        assert "in wait_for_ever" in told, "each thread's stack is there"
        assert "lock.acquire()" in told, "with its source line"
        assert "pytest/" not in told, "and without the way into the user's code"

    def test_after_the_function_returned(self, run_in_process: RunInProcess) -> None:
        told = hang_of(run_in_process, leave_a_thread)
        assert "returned, but did not end within" in told
        assert "in wait_for_ever" in told

    def test_its_own_children_are_gone_too(
        self, run_in_process: RunInProcess, tmp_path: Path
    ) -> None:
        pids = tmp_path / "pids"
        with pytest.raises(ChildHung):
            run_in_process(start_children_and_hang, pids, timeout=HANG + 2)
        for pid in pids.read_text().split():
            with pytest.raises(ProcessLookupError):
                os.kill(int(pid), 0)

    def test_nothing_is_left(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(ChildHung):
            run_in_process(spin, timeout=0.2)
        assert not [info for info in without_helpers(descendants()) if not info.zombie]


HANG = 1.0  # seconds; counted from when the function is called, on a busy machine too


def hang_of(run_in_process: RunInProcess, function: Any) -> str:
    with pytest.raises(ChildHung) as caught:
        run_in_process(function, timeout=HANG)
    assert caught.value.timeout == HANG
    return str(caught.value)


def spin() -> None:
    while True:
        pass


def sleep_in_c() -> None:
    ctypes.CDLL(None).sleep(100)


def wait_for_ever(lock: Any) -> None:
    lock.acquire()


def deadlock() -> None:
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=wait_for_ever, args=(lock,), daemon=True).start()
    lock.acquire()


def leave_a_thread() -> None:
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=wait_for_ever, args=(lock,)).start()


def start_children_and_hang(pids: Path) -> None:
    child = multiprocessing.get_context("fork").Process(target=spin)
    child.start()
    command = subprocess.Popen(["sleep", "100"])
    pids.write_text(f"{child.pid} {command.pid}")
    spin()


class TestOutput:
    def test_it_is_written_as_ours(
        self, run_in_process: RunInProcess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_in_process(speak)
        out, err = capsys.readouterr()
        assert out == "printed\nby the system\nby a grandchild\n"
        assert err == "complained\n"

    def test_a_megabyte_of_it(
        self, run_in_process: RunInProcess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_in_process(print, "x" * 1_000_000)
        assert len(capsys.readouterr().out) == 1_000_001

    def test_that_of_a_child_that_died(
        self, run_in_process: RunInProcess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(ChildDied):
            run_in_process(speak_and_die)
        assert capsys.readouterr().out == "printed\n"


def speak() -> None:
    print("printed")
    os.write(1, b"by the system\n")
    print("complained", file=sys.stderr)
    subprocess.run(["echo", "by a grandchild"], check=True)


def speak_and_die() -> None:
    print("printed", flush=True)
    os._exit(1)


def sum_of_children(method: str) -> int:
    with multiprocessing.get_context(method).Pool(2) as pool:
        total = sum(pool.map(abs, [-1, -2, -3]))
        pool.close()
        pool.join()
    return total


def test_a_child_may_start_children(run_in_process: RunInProcess, start_method: str) -> None:
    assert run_in_process(sum_of_children, start_method) == 6


class TestWrongInput:
    def test_something_that_is_no_function(self, run_in_process: RunInProcess) -> None:
        with pytest.raises(TypeError, match="needs a function to call, and got 9") as caught:
            run_in_process(abs(-9))  # type: ignore[arg-type]
        assert "without calling it" in str(caught.value)

    @pytest.mark.parametrize("timeout", [-1, 0, float("inf"), float("nan")])
    def test_a_timeout_that_is_no_bound(self, run_in_process: RunInProcess, timeout: float) -> None:
        with pytest.raises(ValueError, match="timeout must be more than 0 seconds and finite"):
            run_in_process(abs, 1, timeout=timeout)

    @pytest.mark.parametrize("timeout", ["soon", None, True])
    def test_a_timeout_that_is_no_number(self, run_in_process: RunInProcess, timeout: Any) -> None:
        with pytest.raises(TypeError, match="timeout must be a number of seconds"):
            run_in_process(abs, 1, timeout=timeout)


@pytest.mark.start_method("spawn", "forkserver")
def test_an_argument_that_cannot_be_sent_is_explained_before_anything_starts(
    run_in_process: RunInProcess,
) -> None:
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)) as caught:
        run_in_process(print, [1, threading.Lock()])
    assert "args[0][1]" in "\n".join(caught.value.__notes__)  # type: ignore[attr-defined]


def test_time_is_not_wasted(run_in_process: RunInProcess) -> None:
    """A child that has ended is noticed at once, although a grandchild holds its sentinel."""
    started = time.monotonic()
    run_in_process(leave_a_grandchild)
    assert time.monotonic() - started < 15, "30 s would be the timeout"


def leave_a_grandchild() -> None:
    if os.fork() == 0:
        time.sleep(0.5)
        os._exit(0)


class UnloadableArgument:
    def __reduce__(self) -> Any:
        return refuse_in_a_child, ()


def refuse_in_a_child() -> None:
    if multiprocessing.current_process().name != "MainProcess":
        raise RuntimeError("not in a child")


@pytest.mark.start_method("spawn", "forkserver")
def test_an_argument_that_cannot_be_loaded_is_told(run_in_process: RunInProcess) -> None:
    with pytest.raises(ChildDied, match="RuntimeError: not in a child"):
        run_in_process(print, UnloadableArgument())
