"""A consumer is terminated when the producer has ended, and takes letters and locks with it.

One tutorial ends its endless consumers that way: join the producer, then `terminate()` both
consumers. One expects all work to be done, as the producer is. But what it has put last is still in
the hands of a consumer: that letter is taken out of the queue and never answered.

It gets worse. A consumer that waits in `get()` holds the queue's reader lock while it waits, and
keeps it when it is terminated. From then on nobody can read from this queue: `get()` waits for
ever, `get(timeout=...)` says that the queue is empty, and the letters are in it.

So end a process that uses a queue by an end mark, and join it. Where it must be terminated, throw
its queue away with it.

    pytest -p pytest_concurrency examples/c06_*/test_07_terminated_consumer.py --hazards=fail
"""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # neither SimpleQueue.get() nor recv() takes one


def start(mp_context: Any, target: Any, *args: Any) -> Any:
    child = mp_context.Process(target=target, args=args)
    child.start()
    return child


def answer_letters(letters: Any, taken: Any, go_on: Any, answers: Any) -> None:
    while (letter := letters.get()) is not None:
        taken.set()
        go_on.wait(timeout=30)  # the work: it takes as long as the test wants
        answers.send(f"to {letter}")
    answers.send("done")


@pytest.mark.hazard(
    "terminate-loses-items",
    match="nobody answered",
    why="the consumer had taken the letter out of the queue, and was terminated before it answered",
)
def test_a_terminated_consumer_loses_the_letter_in_its_hands(mp_context: Any) -> None:
    letters, taken, go_on = mp_context.SimpleQueue(), mp_context.Event(), mp_context.Event()
    inbox, outbox = mp_context.Pipe(duplex=False)
    with inbox, outbox:
        consumer = start(mp_context, answer_letters, letters, taken, go_on, outbox)
        letters.put("Ann")
        assert taken.wait(timeout=30)
        consumer.terminate()
        consumer.join(timeout=30)
        assert letters.empty()
        answered = inbox.poll()
        assert answered, "the only letter is no longer in the queue, and nobody answered it"


@pytest.mark.fix("terminate-loses-items")
def test_an_end_mark_lets_the_consumer_finish_its_work(mp_context: Any) -> None:
    letters, taken, go_on = mp_context.SimpleQueue(), mp_context.Event(), mp_context.Event()
    inbox, outbox = mp_context.Pipe(duplex=False)
    with inbox, outbox:
        consumer = start(mp_context, answer_letters, letters, taken, go_on, outbox)
        letters.put("Ann")
        letters.put(None)
        go_on.set()
        consumer.join(timeout=30)
        assert consumer.exitcode == 0
        assert [inbox.recv(), inbox.recv()] == ["to Ann", "done"]


def read_until_the_mark(letters: Any) -> None:
    while letters.get() is not None:
        pass


def wait_until_somebody_reads(letters: Any) -> None:
    """Wait for a reader to hold the queue's lock; this attribute is the only place to see it."""
    pause = threading.Event()
    for _ in range(3000):
        if not letters._rlock.acquire(block=False):
            return
        letters._rlock.release()
        pause.wait(0.01)
    pytest.fail("in 30 s nobody came to read")


@pytest.mark.hazard(
    "terminate-poisons-queue",
    raises=queue.Empty,
    why="the terminated consumer waited in get(), and so took the queue's reader lock with it",
)
def test_nobody_can_read_after_a_waiting_consumer_was_terminated(mp_context: Any) -> None:
    letters = mp_context.Queue()
    consumer = start(mp_context, read_until_the_mark, letters)
    wait_until_somebody_reads(letters)
    consumer.terminate()
    consumer.join(timeout=30)
    letters.put("Dear Ann")
    try:
        assert letters.get(timeout=0.1) == "Dear Ann"
    finally:
        letters.close()
        letters.join_thread()


@pytest.mark.fix("terminate-poisons-queue")
def test_a_consumer_that_ended_by_a_mark_leaves_the_queue_to_others(mp_context: Any) -> None:
    letters = mp_context.Queue()
    consumer = start(mp_context, read_until_the_mark, letters)
    wait_until_somebody_reads(letters)
    letters.put(None)
    consumer.join(timeout=30)
    assert consumer.exitcode == 0
    letters.put("Dear Ann")
    assert letters.get(timeout=30) == "Dear Ann"
    letters.close()
    letters.join_thread()


# See also: c06_pipes_and_queues/test_06_consumers.py, for end marks;
# c06_pipes_and_queues/test_08_killed_writer.py, for killing one that writes.
