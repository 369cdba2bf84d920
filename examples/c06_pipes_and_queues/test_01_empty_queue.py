"""A letter is put into a queue, and the queue says that it is empty.

`put` does not write into the pipe of a `multiprocessing.Queue`. It hands the letter to a thread of
this process, the feeder, and returns; the feeder pickles it and sends it some time later. `empty()`
looks into the pipe. So between the two the queue is empty, right after put: in 60 to 98 of 100
tries, when it was measured. Here the letter takes its time to be pickled, and it happens always.

One tutorial says that if `empty()` returns True there are no more data. What it means is that
nothing has arrived yet. So a loop `while not queue.empty()` that runs before the producer has
produced ends at once, with nothing. Another tutorial runs this loop after joining the producers;
that is sound, as a process sends all it has put before it ends (but see the next page).

Three remedies: wait for what must come, with `get(timeout=...)`; take as many as were promised; or
have the producer put an end mark, and take until that comes.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_01_empty_queue.py --hazards=fail
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Letter:
    """Takes as long to pickle as its gate is closed; a large object takes long by itself."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        self.gate.wait(timeout=30)
        return str, ("Dear Ann",)


@pytest.mark.hazard(
    "queue-empty-unreliable",
    match="says that it is empty",
    why="put() gave the letter to a thread of this process, which has not sent it yet",
)
def test_a_queue_is_empty_right_after_put(mp_context: Any) -> None:
    letter, letters = Letter(), mp_context.Queue()
    letters.put(letter)
    is_empty = letters.empty()
    letter.gate.set()
    assert letters.get(timeout=30) == "Dear Ann"  # it was there all the time
    letters.close()
    letters.join_thread()
    assert not is_empty, "a letter was put, and the queue says that it is empty"


@pytest.mark.fix("queue-empty-unreliable")
def test_a_get_that_waits_finds_the_letter(mp_context: Any) -> None:
    letter, letters = Letter(), mp_context.Queue()
    letters.put(letter)
    gatekeeper = threading.Timer(0.05, letter.gate.set)
    gatekeeper.start()
    assert letters.get(timeout=30) == "Dear Ann"
    gatekeeper.join(timeout=30)
    letters.close()
    letters.join_thread()


def write_three(letters: Any, begin: Any) -> None:
    begin.wait(timeout=30)
    for name in ("Ann", "Bob", "Cid"):
        letters.put(name)
    letters.put(None)  # the end mark; who counts may leave it


@contextmanager
def writer_of(mp_context: Any, letters: Any) -> Iterator[Any]:
    """Start a writer, which begins when it is told; afterwards it ends by itself."""
    begin = mp_context.Event()
    writer = mp_context.Process(target=write_three, args=(letters, begin))
    writer.start()
    try:
        yield begin
    finally:
        begin.set()
        writer.join(timeout=30)
        assert writer.exitcode == 0


@pytest.mark.hazard(
    "queue-drain-before-producer",
    match="the loop collected 0",
    why="the loop ran before the first letter came, and took an empty queue for the end",
)
def test_a_loop_until_empty_ends_before_the_producer_begins(mp_context: Any) -> None:
    letters, read = mp_context.Queue(), []
    with writer_of(mp_context, letters):
        while not letters.empty():
            read.append(letters.get(timeout=30))
    assert len(read) == 3, f"three letters were on their way, and the loop collected {len(read)}"


@pytest.mark.fix("queue-drain-before-producer")
def test_as_many_as_were_promised_arrive(mp_context: Any) -> None:
    letters = mp_context.Queue()
    with writer_of(mp_context, letters) as begin:
        begin.set()
        read = [letters.get(timeout=30) for _ in range(3)]
    assert read == ["Ann", "Bob", "Cid"]


@pytest.mark.fix("queue-drain-before-producer")
def test_a_loop_until_the_end_mark_collects_all(mp_context: Any) -> None:
    letters, read = mp_context.Queue(), []
    with writer_of(mp_context, letters) as begin:
        begin.set()
        while (letter := letters.get(timeout=30)) is not None:
            read.append(letter)
    assert read == ["Ann", "Bob", "Cid"]


# See also: c06_pipes_and_queues/test_02_join_before_drain.py, for what happens when one joins
# first and reads then.
