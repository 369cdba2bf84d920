"""A consumer is terminated when the producer has ended, and takes letters and locks with it.

One tutorial ends its endless consumers that way: join the producer, then `terminate()` both
consumers. One expects all work to be done, as the producer is. But what it has put last is still in
the hands of a consumer: that letter is taken out of the queue and never answered.

It gets worse. A consumer that waits in `get()` holds the queue's reader lock while it waits, and
keeps it when it is terminated. From then on nobody can read from this queue: `get()` waits for
ever, `get(timeout=...)` says that the queue is empty, and the letters are in it.

The same with writing: a child is killed as soon as its answer has arrived, and it had not yet given
back the queue's writer lock. It is a matter of microseconds, which the last hazard below holds
open; left to chance, it was seen in up to 17 of 20 tries. Then nobody can write any more.

So end a process that uses a queue by an end mark, and join it. Where it must be killed, throw its
queue away with it: give each child a queue or a pipe of its own.

    pytest -p pytest_concurrency --hazards=fail \
        examples/c06_pipes_and_queues/test_07_terminated_consumer.py
"""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from pytest_concurrency import ChildHung

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
        assert letters.get(timeout=0.2) == "Dear Ann"
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


class SlowToGiveBack:
    """A lock that is given back only when the gate opens: some microseconds, held open."""

    def __init__(self, lock: Any, gate: Any) -> None:
        self.lock = lock
        self.gate = gate

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.gate.wait(timeout=30)
        self.lock.release()


def put_slowly(answers: Any, gate: Any) -> None:
    answers._wlock = SlowToGiveBack(answers._wlock, gate)
    answers.put("the first answer")


def put(answers: Any) -> None:
    answers.put("the second answer")


@pytest.mark.hazard(
    "kill-after-receive-poisons-writer",
    raises=ChildHung,
    match=r"put\(\) did not return",
    why="the first child was killed after it had sent, before it gave back the writer lock",
)
def test_nobody_can_write_after_a_child_was_killed_for_its_answer(
    mp_context: Any, run_in_process: Any
) -> None:
    answers, gate = mp_context.SimpleQueue(), mp_context.Event()
    child = start(mp_context, put_slowly, answers, gate)
    assert answers.get() == "the first answer"
    child.kill()
    child.join(timeout=30)
    run_in_process(put, answers, timeout=0.2)


@pytest.mark.fix("kill-after-receive-poisons-writer")
def test_a_child_that_is_joined_leaves_the_queue_to_others(mp_context: Any) -> None:
    answers, gate = mp_context.SimpleQueue(), mp_context.Event()
    child = start(mp_context, put_slowly, answers, gate)
    assert answers.get() == "the first answer"
    gate.set()
    child.join(timeout=30)
    assert child.exitcode == 0
    put(answers)
    assert answers.get() == "the second answer"


# See also: test_06_consumers.py, for end marks.
