"""Children have ended long ago, and still stand in the list of processes.

Who does not need a child any more might think that nothing is left to be done. But the system
keeps the number and the exit code of a child that has ended until its parent asks for them: it is a
zombie. It costs no memory, and the table of processes is finite.

One tutorial says that processes that are not joined become zombies. That is so under fork and
spawn, and for as long as nobody looks: the next `start()` and `active_children()` bury what has
ended. Under forkserver the server is their parent, and buries each at once.

Nothing tells of a zombie, neither Python nor a test run. The leak check of this plugin does.

    pytest -p pytest_concurrency examples/c03_processes/test_10_zombies.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

Start = Callable[[], Any]


@pytest.fixture
def start_one(mp_context: Any) -> Iterator[Start]:
    """Start a child, and return when it has ended, without burying it."""
    children = []

    def start() -> Any:
        child = mp_context.Process(target=os.getpid)
        children.append(child)
        child.start()
        assert wait([child.sentinel], timeout=30)
        with suppress(ChildProcessError):  # the child of a fork server is not ours to wait for
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        return child

    yield start
    for child in children:
        child.join(timeout=30)


def state(pid: int) -> str:
    """The letter that `ps` shows for a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "gone"


@pytest.mark.hazard(
    "zombie-until-joined",
    match="its state is Z",
    under=("fork", "spawn"),
    why="the system keeps what a child leaves until its parent asks, and join() is how one asks",
)
def test_a_child_that_nobody_joins_becomes_a_zombie(start_one: Start) -> None:
    found = state(start_one().pid)  # even a look at the Process object would bury it
    assert found == "gone", (
        f"the child has ended, nobody asked how: its state is {found} (Z is a zombie)"
    )


@pytest.mark.fix("zombie-until-joined")
def test_join_buries_it(start_one: Start) -> None:
    child = start_one()
    child.join(timeout=30)
    assert state(child.pid) == "gone"


@pytest.mark.fix("zombie-until-joined")
def test_the_next_start_and_active_children_bury_all_that_have_ended(start_one: Start) -> None:
    first = start_one()
    second = start_one()
    assert state(first.pid) == "gone"
    assert multiprocessing.active_children() == []
    assert state(second.pid) == "gone"


LEFT = """
import os
from multiprocessing import get_context

def test_that_nobody_complains_of():
    child = get_context("fork").Process(target=os.getpid, name="forgotten")
    child.start()
"""
PYTEST_TWICE = """
import os, sys, pytest

os.environ.pop("PYTEST_ADDOPTS", None)
page = [sys.argv[1], "-c", os.devnull, "-W", "ignore", "-p", "no:cacheprovider"]
pytest.main([*page, "-p", "no:pytest_concurrency"])
print("with the plugin:")
pytest.main([*page, "-p", "pytest_concurrency"])
"""


@pytest.mark.fix("zombie-until-joined")
@pytest.mark.start_method("fork")  # of the run; the test in it chooses its own
def test_the_leak_check_names_the_child_that_was_never_joined(
    run_script: Any, tmp_path: Path
) -> None:
    page = tmp_path / "test_left.py"
    page.write_text(LEFT)
    without, _, checked = run_script(PYTEST_TWICE, str(page)).stdout.partition("with the plugin:")
    assert "1 passed in" in without
    assert re.search(
        r"child 'forgotten' \(pid \d+\) has ended \(exit code 0\) but was never joined, "
        r"started at \S*test_left\.py:7",
        checked,
    )


# See also: c03_processes/test_08_orphans.py, for those that have not ended.
