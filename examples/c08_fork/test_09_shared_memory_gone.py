"""A program only looks at a block of shared memory, and when it ends the block is gone.

A block is there until somebody unlinks it. So that none is forgotten, Python starts a watcher
beside each program, the resource tracker, which unlinks what the program leaves. But it takes every
block that the program has opened for its own: a program that attaches to the block of another
destroys it when it ends, and complains of a leak besides.

Children of `multiprocessing` share the watcher of their parent, and there this does not happen.
For other programs Python 3.13 brought `track=False`; before, one takes the block off the list.

    pytest -p pytest_concurrency examples/c08_fork/test_09_shared_memory_gone.py --hazards=fail
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import pytest

A_STRANGER = """
import sys
from multiprocessing.shared_memory import SharedMemory

block = SharedMemory(sys.argv[1])
assert bytes(block.buf[:7]) == b"weights"
block.close()
"""

A_POLITE_STRANGER = """
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

if sys.version_info >= (3, 13):
    block = SharedMemory(sys.argv[1], track=False)
else:
    block = SharedMemory(sys.argv[1])
    resource_tracker.unregister(block._name, "shared_memory")
assert bytes(block.buf[:7]) == b"weights"
block.close()
"""


@contextmanager
def block_of_weights() -> Iterator[str]:
    block: Any = SharedMemory(create=True, size=7)
    block.buf[:7] = b"weights"
    try:
        yield block.name
    finally:
        block.close()
        try:
            block.unlink()
        except FileNotFoundError:  # a stranger did; our own watcher has yet to learn it
            resource_tracker.unregister(f"/{block.name}", "shared_memory")


def is_there(name: str) -> bool:
    try:
        with closing(SharedMemory(name)):
            return True
    except FileNotFoundError:
        return False


def run(program: str, name: str) -> str:
    """Run a program to its end, and that of its watcher; returns what they complained of."""
    return subprocess.run(
        [sys.executable, "-c", program, name],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stderr


@pytest.mark.hazard(
    "shared-memory-unlinked-by-stranger",
    match="now it is gone",
    why="the stranger's resource tracker took the block for a forgotten one, and unlinked it",
)
def test_a_program_that_only_looked_at_the_block_destroyed_it() -> None:
    with block_of_weights() as name:
        complaint = run(A_STRANGER, name)
        assert "leaked shared_memory objects" in complaint
        there = is_there(name)
        assert there, "another program looked at the block, and now it is gone"


@pytest.mark.fix("shared-memory-unlinked-by-stranger")
def test_a_program_that_opens_the_block_with_track_false_leaves_it() -> None:
    with block_of_weights() as name:
        assert run(A_POLITE_STRANGER, name) == ""
        assert is_there(name)


def look(name: str) -> None:
    block: Any = SharedMemory(name)
    with closing(block):
        assert bytes(block.buf[:7]) == b"weights"


@pytest.mark.fix("shared-memory-unlinked-by-stranger")
def test_a_child_of_the_owner_leaves_the_block(mp_context: Any) -> None:
    with block_of_weights() as name:
        child = mp_context.Process(target=look, args=(name,))
        child.start()
        child.join(timeout=30)
        assert child.exitcode == 0
        assert is_there(name)


# See also: test_10_big_argument.py, for what shared memory is good for.
