"""A large argument is free under fork, and under spawn and forkserver it is copied twice over.

Under fork a child finds its arguments in its copy of the memory, which the system copies only where
somebody writes. Under spawn and forkserver they are pickled into bytes, written into a pipe, read
by the child and made into objects again. A program whose workers got a large table for nothing
becomes slow with Python 3.14, where forkserver is the default on Linux.

The remedy is to send the place where the data is: the name of a file or of shared memory.

    pytest -p pytest_concurrency examples/c08_fork/test_10_big_argument.py --hazards=fail

How much time it costs: `python benchmarks/lesson_arguments.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency import explain_pickle

SIZE = 1_000_000


class Photo:
    """A photo that counts the bytes pickled of it."""

    sent = 0

    def __init__(self, pixels: bytes) -> None:
        self.pixels = pixels

    def __reduce__(self) -> tuple[Callable[[bytes], Photo], tuple[bytes]]:
        Photo.sent += len(self.pixels)
        return Photo, (self.pixels,)


@pytest.fixture
def photo() -> Iterator[Photo]:
    Photo.sent = 0
    yield Photo(bytes(SIZE))
    Photo.sent = 0


def look(photo: Photo) -> None:
    assert len(photo.pixels) == SIZE


def run_child(mp_context: Any, target: Any, argument: Any) -> None:
    child = mp_context.Process(target=target, args=(argument,))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "big-argument-spawn-cost",
    under=("spawn", "forkserver"),
    match="1,000,000 bytes",
    why="the child has no copy of the parent's memory: what it gets is pickled and sent",
)
def test_a_photo_as_argument_is_sent_whole(mp_context: Any, photo: Photo) -> None:
    run_child(mp_context, look, photo)
    sent = Photo.sent
    assert sent == 0, f"to start one child, {sent:,} bytes of the photo were pickled"


def look_at_file(path: Path) -> None:
    look(Photo(path.read_bytes()))


@pytest.mark.fix("big-argument-spawn-cost")
def test_the_name_of_a_file_is_sent_in_a_few_bytes(
    mp_context: Any, photo: Photo, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(photo.pixels)
    run_child(mp_context, look_at_file, path)
    assert Photo.sent == 0
    assert explain_pickle(path).size < 1_000


def look_at_shared_memory(name: str) -> None:
    block: Any = SharedMemory(name)
    with closing(block):
        look(Photo(bytes(block.buf[:SIZE])))


@pytest.mark.fix("big-argument-spawn-cost")
def test_the_name_of_shared_memory_is_sent_in_a_few_bytes(mp_context: Any, photo: Photo) -> None:
    block: Any = SharedMemory(create=True, size=SIZE)
    try:
        block.buf[:SIZE] = photo.pixels
        run_child(mp_context, look_at_shared_memory, block.name)
    finally:
        block.close()
        block.unlink()
    assert Photo.sent == 0
    assert explain_pickle(block.name).size < 1_000


# See also: test_09_shared_memory_gone.py, for who may delete shared memory.
