"""A test forks alone, and under pytest-xdist it forks in a process that has a second thread.

A worker of xdist runs the tests in its main thread, and has another that talks to the controller.
Fork copies the process with the calling thread only. If the other held a lock at that moment, its
copy is locked in the child for ever, and nobody is left to release it. Since Python 3.12 every such
fork gives a DeprecationWarning, so a suite that is silent alone warns with `-n 2`.

That the warning comes with xdist says nothing about the test. Where you know what the threads of a
worker do, silence it with a filter for that message. Where you do not, spawn: such a child starts
with nothing but one thread of its own.

    pytest -p pytest_concurrency examples/c12_under_pytest/test_04_xdist_threads.py --hazards=fail
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS_THAT_START_A_CHILD = """\
import os
from multiprocessing import get_context

import pytest

def start_and_count(method):
    child = get_context(method).Process(target=os.getpid)
    child.start()
    with open("threads.txt", "a") as file:
        print(len(os.listdir("/proc/self/task")), file=file)
    child.join(30)
    assert child.exitcode == 0

def test_fork():
    start_and_count("fork")

@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_filtered():
    start_and_count("fork")

def test_spawn():
    start_and_count("spawn")
"""
FORK_WARNS = sys.version_info >= (3, 12)


class Report(NamedTuple):
    warned: list[str]  # the tests that gave a warning
    threads: set[str]  # of the processes that started a child


def run_pytest(folder: Path, *options: str) -> Report:
    """Run the three tests in a pytest of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n")  # else the settings of a folder above count
    (folder / "test_children.py").write_text(TESTS_THAT_START_A_CHILD)
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    print(result.stdout, result.stderr)
    assert "3 passed" in result.stdout
    summary = result.stdout.partition("= warnings summary =")[2]
    return Report(
        warned=re.findall(r"^test_children.py::(\w+)$", summary, re.MULTILINE),
        threads=set((folder / "threads.txt").read_text().split()),
    )


@pytest.fixture(scope="module")
def under_xdist(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_pytest(tmp_path_factory.mktemp("xdist"), "-p", "xdist.plugin", "-n1")


@pytest.mark.hazard(
    "xdist-worker-is-threaded",
    match="with one thread alone, under xdist with 2",
    why="a worker of xdist has a thread that talks to the controller, and fork does not copy it",
)
def test_a_test_that_forks_alone_forks_with_threads_under_xdist(under_xdist: Report) -> None:
    threads = "".join(under_xdist.threads)
    assert threads == "1", f"the test forks with one thread alone, under xdist with {threads}"


@pytest.mark.fix("xdist-worker-is-threaded")
def test_without_xdist_there_is_one_thread_and_no_warning(tmp_path: Path) -> None:
    assert run_pytest(tmp_path) == Report(warned=[], threads={"1"})


@pytest.mark.fix("xdist-worker-is-threaded")
def test_a_filter_silences_the_fork_and_spawn_has_nothing_to_warn_of(under_xdist: Report) -> None:
    assert under_xdist.warned == (["test_fork"] if FORK_WARNS else [])


# See also: c12_under_pytest/test_01_child_assert.py, for what pytest does not see of a child.
