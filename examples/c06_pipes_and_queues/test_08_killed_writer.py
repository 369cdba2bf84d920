"""A child is killed as soon as its answer is there, and no other child can answer any more.

Two processes that write into one queue take turns by a lock, the queue's writer lock. A child puts
its answer: it takes the lock, sends, and gives the lock back. The parent may have read the answer
before the last of these steps. It has what it wanted, and kills the child; and if that hits these
few microseconds, the lock stays taken for ever. The next child that puts something waits for it,
without a word.

By nature this depends on luck: it was seen in up to 17 of 20 tries. Here the first child takes its
time to give the lock back, and it happens always. `run_in_process` shows where the second hangs.

So join a child instead of killing it. Or, if children have to be killed, give each a pipe of its
own: then a child can only spoil its own.

    pytest -p pytest_concurrency examples/c06_*/test_08_killed_writer.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_concurrency import ChildHung

pytestmark = pytest.mark.timeout(60)  # neither SimpleQueue.get() nor recv() takes one


def start(mp_context: Any, target: Any, *args: Any) -> Any:
    child = mp_context.Process(target=target, args=args)
    child.start()
    return child


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


def send(answers: Any, answer: str) -> None:
    answers.send(answer)


@pytest.mark.fix("kill-after-receive-poisons-writer")
def test_a_killed_child_with_a_pipe_of_its_own_spoils_nothing_else(mp_context: Any) -> None:
    inbox, outbox = mp_context.Pipe(duplex=False)
    with inbox, outbox:
        child = start(mp_context, send, outbox, "the first answer")
        assert inbox.recv() == "the first answer"
        child.kill()
        child.join(timeout=30)
    inbox, outbox = mp_context.Pipe(duplex=False)
    with inbox, outbox:
        send(outbox, "the second answer")
        assert inbox.recv() == "the second answer"


# See also: c06_pipes_and_queues/test_07_terminated_consumer.py, for the lock on the other side of
# a queue.
