"""A process starts children and is ended, and the children run on.

One expects that whoever ends a process ends what belongs to it. But a signal goes to one process.
Its children are not told; the system makes them the children of another process, and they go on,
holding memory, files and ports, with nobody left to stop them. On the terminal, nothing.

Two remedies: the manager makes an exception of SIGTERM, and its daemons are terminated on its way
out; or both are one process group, and the signal goes to the group. Not so under forkserver: the
server starts the children of children, too, and they are in its group.

    pytest -p pytest_concurrency examples/c03_processes/test_08_orphans.py --hazards=fail
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # some joins below have no timeout


def manage(mp_context: Any, numbers: Any) -> None:
    worker = mp_context.Process(target=time.sleep, args=(60,))
    worker.start()
    numbers.send(worker.pid)
    worker.join(timeout=60)


@contextmanager
def manager_and_worker(mp_context: Any, target: Any) -> Iterator[tuple[Any, int]]:
    """Start a child that starts a child; whatever happens, both are gone in the end.

    The worker is given as a descriptor, which becomes readable when that process has ended.
    """
    numbers, sender = mp_context.Pipe(duplex=False)
    manager = mp_context.Process(target=target, args=(mp_context, sender), name="manager")
    manager.start()
    try:
        assert numbers.poll(30)
        worker = os.pidfd_open(numbers.recv())
        try:
            yield manager, worker
        finally:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(worker, signal.SIGKILL)
            wait([worker], timeout=30)
            os.close(worker)
    finally:
        manager.kill()
        manager.join(timeout=30)


@pytest.mark.hazard(
    "terminate-orphans-grandchildren",
    match="its worker is still running",
    why="a signal goes to one process, and the children of that process are not told",
)
def test_the_worker_of_a_terminated_manager_runs_on(mp_context: Any) -> None:
    with manager_and_worker(mp_context, manage) as (manager, worker):
        manager.terminate()
        manager.join()  # without a timeout: see test_09_daemon_outlives.py
        ended = wait([worker], timeout=0.1)
        assert ended, f"manager has exit code {manager.exitcode}, and its worker is still running"


def leave(*_: object) -> None:
    sys.exit(0)


def manage_and_mind_the_signal(mp_context: Any, numbers: Any) -> None:
    worker = mp_context.Process(target=time.sleep, args=(60,), daemon=True)
    worker.start()
    signal.signal(signal.SIGTERM, leave)  # not before: a forked worker would have the handler, too
    numbers.send(worker.pid)
    worker.join(timeout=60)


@pytest.mark.fix("terminate-orphans-grandchildren")
def test_a_manager_that_minds_the_signal_takes_its_daemons_along(mp_context: Any) -> None:
    with manager_and_worker(mp_context, manage_and_mind_the_signal) as (manager, worker):
        manager.terminate()
        manager.join(timeout=30)
        assert wait([worker], timeout=30)
        assert manager.exitcode == 0


def manage_a_group(mp_context: Any, numbers: Any) -> None:
    os.setpgid(0, 0)
    manage(mp_context, numbers)


@pytest.mark.fix("terminate-orphans-grandchildren")
@pytest.mark.start_method("fork", "spawn")  # under forkserver the worker is not in this group
def test_a_signal_to_the_group_reaches_both(mp_context: Any) -> None:
    with manager_and_worker(mp_context, manage_a_group) as (manager, worker):
        os.killpg(manager.pid, signal.SIGTERM)
        manager.join(timeout=30)
        assert wait([worker], timeout=30)
        assert manager.exitcode == -signal.SIGTERM


LEFT = """
import multiprocessing, time
fork = multiprocessing.get_context("fork")

def manage(ready):
    worker = fork.Process(target=time.sleep, args=(30,))
    worker.start()
    ready.send("the worker works")
    worker.join()

def test_that_nobody_complains_of():
    news, ready = fork.Pipe(duplex=False)
    manager = fork.Process(target=manage, args=(ready,))
    manager.start()
    assert news.poll(30)
    manager.terminate()
    manager.join()
"""
PYTEST_TWICE = """
import os, sys, pytest
os.environ.pop("PYTEST_ADDOPTS", None)
page = [sys.argv[1], "-c", os.devnull, "-W", "ignore", "-p", "no:cacheprovider"]
pytest.main([*page, "-p", "no:pytest_concurrency"])
print("with the plugin:")
pytest.main([*page, "-p", "pytest_concurrency"])
"""


@pytest.mark.fix("terminate-orphans-grandchildren")
@pytest.mark.start_method("fork")  # of the run; the test in it chooses its own
def test_the_leak_check_names_the_orphan(run_script: Any, tmp_path: Path) -> None:
    page = tmp_path / "test_left.py"
    page.write_text(LEFT)
    without, _, checked = run_script(PYTEST_TWICE, str(page)).stdout.partition("with the plugin:")
    assert "1 passed in" in without
    assert re.search(r"child \(pid \d+\) is still running, .*test_left\.py:7 in manage", checked)


# See also: c03_processes/test_09_daemon_outlives.py, where the parent gets no chance to clear up.
