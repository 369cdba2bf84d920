"""What a race of processes could leave behind in this process and in the system."""

from __future__ import annotations

import gc
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import heap, process, resource_tracker
from pathlib import Path
from typing import Any

from pytest_concurrency.children.processes import descendants, without_helpers
from pytest_concurrency.waiting import wait_until

__all__ = ["nothing_left"]


@contextmanager
def _mark_of_semaphores(mark: str) -> Iterator[None]:
    """Lets multiprocessing begin the names of the semaphores of this process with a mark.

    Others use the machine at the same time.
    """
    config = process.current_process()._config  # type: ignore[attr-defined]
    before = config["semprefix"]
    config["semprefix"] = "/" + mark
    try:
        yield
    finally:
        config["semprefix"] = before


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """Fails if there is more after a block than before it.

    Args:
        folder: Where temporary files go meanwhile.
    """
    mark = f"left-{os.getpid()}"
    # It stays once it is there.
    resource_tracker.ensure_running()
    environment, tempdir = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        with _mark_of_semaphores(mark):
            before = _found(mark, folder)
            yield
            assert wait_until(lambda: not _found(mark, folder) - before, 3), (
                _found(mark, folder) - before
            )
    finally:
        tempfile.tempdir = tempdir
        if environment is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = environment


def _found(mark: str, folder: Path) -> Counter[str]:
    gc.collect()
    found = [f"process {each}" for each in without_helpers(descendants())]
    arena = f"pym-{os.getpid()}-"
    found += [name for name in os.listdir("/dev/shm") if mark in name or name.startswith(arena)]
    found += [str(path) for path in folder.rglob("*")]
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            # The one that listed the folder.
            continue
        # Arenas are kept for what is needed next; their blocks are counted instead.
        if not target.startswith("/dev/shm/pym-"):
            # Only how many there are of a kind: numbers and inodes are used again.
            found.append(f"descriptor of {target.partition(':')[0]}")
    found += ["a block of shared memory"] * _blocks()
    return Counter(found)


def _blocks() -> int:
    """Returns how much of the shared memory of multiprocessing is in use."""
    shared: Any = heap.BufferWrapper._heap  # type: ignore[attr-defined]
    shared._free_pending_blocks()
    return sum(len(blocks) for blocks in shared._allocated_blocks.values())
