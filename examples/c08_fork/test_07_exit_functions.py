"""What a child registers with `atexit` is run at its end, or not: it depends.

A function that `atexit.register` has noted is called when the interpreter ends. A spawned child is
an interpreter of its own, and it always works there. A forked child, and one of the fork server,
used to end without that step: up to Python 3.12 what it registered was dropped without a word. From
3.13 it is run. And what the parent has registered is never run in a child of `multiprocessing`,
although fork copies it: a temporary folder that the parent deletes at exit does not vanish because
a child ended.

A `finally` in the child's own function is run everywhere, unless the child is killed.

    pytest -p pytest_concurrency examples/c08_fork/test_07_exit_functions.py
"""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import Any

import pytest


def leave_notes(folder: Path) -> None:
    atexit.register((folder / "atexit of the child").touch)
    try:
        print("the child works")
    finally:
        (folder / "finally of the child").touch()


@pytest.mark.fact("atexit-in-child")
def test_exit_functions_of_a_forked_child_are_run_since_3_13_and_finally_always(
    mp_context: Any, start_method: str, tmp_path: Path
) -> None:
    of_the_parent = (tmp_path / "atexit of the parent").touch
    atexit.register(of_the_parent)
    child = mp_context.Process(target=leave_notes, args=(tmp_path,))
    try:
        child.start()
        child.join(timeout=30)
    finally:
        atexit.unregister(of_the_parent)
    assert child.exitcode == 0
    expected = ["finally of the child"]
    if start_method == "spawn" or sys.version_info >= (3, 13):
        expected.insert(0, "atexit of the child")
    assert sorted(note.name for note in tmp_path.iterdir()) == expected


# See also: test_03_threads_stay_behind.py, for what else of the parent does not run in a child.
