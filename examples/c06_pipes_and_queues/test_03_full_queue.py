"""A queue of two places gets a third letter, and `put` waits for ever.

`Queue(maxsize=2)` keeps a fast producer from filling the memory: when two letters are in it, the
next `put` waits for somebody to take one. One expects an error when nobody will; there is none,
only a process that stands still on that line. Without maxsize nothing ever waits, and the letters
pile up in the memory of the producer.

`run_in_process` shows the line: the stack of the child that hangs ends in `put`.

Remedies: a reader, which is what such a queue is for; or `put(letter, timeout=...)` and
`put_nowait(letter)`, which raise `queue.Full`. A letter that comes after `close()` is refused with
a ValueError.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_03_full_queue.py --hazards=fail
"""

from __future__ import annotations

import queue
from typing import Any

import pytest

from pytest_concurrency import ChildHung


def write_three(letters: Any) -> None:
    for name in ("Ann", "Bob", "Cid"):
        letters.put(name)


@pytest.mark.hazard(
    "queue-maxsize-blocks",
    raises=ChildHung,
    match=r"write_three\(\) did not return",
    why="the queue has two places, both are taken, and nobody reads",
)
def test_a_put_into_a_full_queue_waits_for_ever(mp_context: Any, run_in_process: Any) -> None:
    letters = mp_context.Queue(maxsize=2)
    run_in_process(write_three, letters, timeout=0.2)


@pytest.mark.fix("queue-maxsize-blocks")
def test_a_reader_makes_room(mp_context: Any) -> None:
    letters = mp_context.Queue(maxsize=2)
    writer = mp_context.Process(target=write_three, args=(letters,))
    writer.start()
    assert [letters.get(timeout=30) for _ in range(3)] == ["Ann", "Bob", "Cid"]
    writer.join(timeout=30)
    assert writer.exitcode == 0


@pytest.mark.fix("queue-maxsize-blocks")
def test_a_put_that_does_not_wait_says_that_the_queue_is_full(mp_context: Any) -> None:
    letters = mp_context.Queue(maxsize=2)
    letters.put("Ann")
    letters.put("Bob")
    with pytest.raises(queue.Full):
        letters.put("Cid", timeout=0.05)
    with pytest.raises(queue.Full):
        letters.put_nowait("Cid")
    assert [letters.get(timeout=30) for _ in range(2)] == ["Ann", "Bob"]
    letters.close()
    letters.join_thread()
    with pytest.raises(ValueError, match="is closed"):
        letters.put("Cid")


# See also: c06_pipes_and_queues/test_02_join_before_drain.py, for a put that returns, and a
# process that does not end.
