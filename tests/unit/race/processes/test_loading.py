"""States that cannot be made, sent or loaded; what a system can run out of."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

from pytest_concurrency.errors import NotPicklable
from pytest_concurrency.race.detector import Race
from tests.unit.race.processes.leftovers import nothing_left
from tests.unit.race.processes.load_sample import Unloadable, run_with_few_descriptors, use
from tests.unit.race.processes.small_sample import Setup, State, add

pytestmark = pytest.mark.usefixtures("only_here")


class Mine(Exception):
    pass


def test_a_setup_that_raises(start_method: str, tmp_path: Path) -> None:
    def setup() -> object:
        raise Mine("in setup")

    with nothing_left(tmp_path), pytest.raises(Mine, match="in setup"):
        Race().processes(use, use, setup=setup, start_method=start_method)


def test_a_check_that_raises(mp_context: BaseContext, start_method: str, tmp_path: Path) -> None:
    def check(state: State) -> None:
        raise Mine("in check")

    # The servers of multiprocessing stay.
    Race(runs=1).processes(add, add, setup=Setup(mp_context), start_method=start_method)
    with nothing_left(tmp_path):
        race = Race(raise_on_finding=False)
        result = race.processes(
            add, add, setup=Setup(mp_context), check=check, start_method=start_method
        )
        assert result.finding is not None
        assert result.finding.what.endswith("the check failed with Mine: in check")
        del result, race


def test_a_reset_that_raises(mp_context: BaseContext, start_method: str, tmp_path: Path) -> None:
    def back(state: State) -> None:
        raise Mine("in reset")

    Race(runs=1).processes(add, add, setup=Setup(mp_context), start_method=start_method)
    with nothing_left(tmp_path), pytest.raises(Mine, match="in reset"):
        Race().processes(add, add, setup=Setup(mp_context), reset=back, start_method=start_method)


@pytest.mark.start_method("spawn", "forkserver")
def test_a_state_that_does_not_load(start_method: str) -> None:
    with pytest.raises(NotPicklable) as caught:
        Race().processes(use, use, setup=Unloadable, start_method=start_method)
    first = str(caught.value).splitlines()[0]
    assert first == (
        f"the actors or their state cannot be loaded in a process of {start_method!r}: "
        "builtins.RuntimeError: not here"
    )
    assert "in _fail_to_load" in str(caught.value)


@pytest.mark.start_method("spawn", "forkserver")
def test_a_module_that_is_not_there(start_method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("only_here")
    exec("def actor(state): pass", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    with pytest.raises(NotPicklable, match="No module named 'only_here'"):
        Race().processes(module.actor, use, setup=list, start_method=start_method)


def test_everything_is_as_before(
    mp_context: BaseContext, start_method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def now() -> object:
        return (
            multiprocessing.get_start_method(allow_none=True),
            os.sched_getaffinity(0),
            (gc.isenabled(), gc.get_freeze_count()),
            [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)],
            os.getpgrp(),
        )

    before = now()
    Race(runs=20).processes(add, add, setup=Setup(mp_context), start_method=start_method)
    assert now() == before
    assert capfd.readouterr() == ("", "")


def in_a_child(call: Callable[..., str], *arguments: object) -> str:
    """Calls a function in a process of its own, whose limits it may change."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result(60)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_file_descriptors_run_out_in_a_batch(method: str) -> None:
    """A state has 8 of them; the second batch would have 64 states."""
    assert in_a_child(run_with_few_descriptors, method, 150, 60) == "passed"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_more_descriptors_than_can_be_sent(method: str) -> None:
    """A forkserver passes on 256 of them at most."""
    assert in_a_child(run_with_few_descriptors, method, 3_000, 60) == "passed"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_no_file_descriptors_for_a_single_state(method: str) -> None:
    told = in_a_child(run_with_few_descriptors, method, 6, 10)
    assert told.startswith("OSError: [Errno 24] ")
    assert "this process has no file descriptors left" in told
    assert "next: raise the limit (`ulimit -n 8192`)" in told


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "there is no room left in /dev/shm"),
        (errno.ENOENT, "there is no /dev/shm, where semaphores are"),
        (errno.EACCES, "/dev/shm, where semaphores are, cannot be written to"),
    ],
)
def test_semaphores_that_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    """What sem_open(3) says where /dev/shm is full, missing or forbidden."""
    context = multiprocessing.get_context("fork")

    def fail(*_: object) -> object:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(type(context), "Semaphore", fail)
    with pytest.raises(OSError, match=said) as caught:
        Race().processes(use, use, setup=list, start_method="fork")
    assert caught.value.errno == number
    assert "next: " in str(caught.value)
