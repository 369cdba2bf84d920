"""Two processes send through the same end of a pipe, and what arrives is rubbish.

Each sends its own message with `connection.send`, and one expects two messages, in some order. But
a pipe carries bytes, and a message is its length, followed by so many bytes. A large message is
written in several pieces, as room comes up, and the other process can write in between. The reader
then takes the stranger's bytes for a part of the first message, and fails to make sense of them.

Small messages go out in one piece and look safe: with 5,000 bytes it never happened in 90 tries,
with 20,000 bytes in 55, with 100,000 bytes in all 90. Here the child writes the two halves of its
message itself, as `send` does when the pipe is full, and the parent sends in between.

One tutorial says that data may be corrupted if two processes use the same end at the same time.
That is so, and there are two remedies: a lock around every `send`, or a queue, which has that lock
inside.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_09_two_writers.py --hazards=fail
"""

from __future__ import annotations

import os
import pickle
import struct
import threading
from contextlib import nullcontext
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # recv() takes none, nor does the loop


def send_in_two_pieces(
    sender: Any, lock: Any, half_is_sent: Any, go_on: Any, patience: float
) -> None:
    message = pickle.dumps("hello " * 100)
    message = struct.pack("!i", len(message)) + message
    with lock:
        os.write(sender.fileno(), message[:300])
        half_is_sent.set()
        go_on.wait(timeout=patience)
        os.write(sender.fileno(), message[300:])


def messages_of_two_writers(mp_context: Any, lock: Any, patience: float) -> list[str]:
    """Have a child and this process send through the same end."""
    receiver, sender = mp_context.Pipe(duplex=False)
    half_is_sent, go_on = mp_context.Event(), mp_context.Event()
    args = (sender, lock, half_is_sent, go_on, patience)
    child = mp_context.Process(target=send_in_two_pieces, args=args)
    child.start()
    with receiver, sender:
        assert half_is_sent.wait(timeout=30)
        with lock:
            sender.send("goodbye")
        go_on.set()
        child.join(timeout=30)
        assert child.exitcode == 0
        return [receiver.recv(), receiver.recv()]


@pytest.mark.hazard(
    "pipe-two-writers-corrupt",
    raises=UnicodeDecodeError,
    match="can't decode byte",
    why="the parent's message landed in the middle of the child's, and was read as a part of it",
)
def test_two_writers_on_one_end_spoil_each_others_messages(mp_context: Any) -> None:
    messages = messages_of_two_writers(mp_context, nullcontext(), patience=30)
    assert messages == ["hello " * 100, "goodbye"]


@pytest.mark.fix("pipe-two-writers-corrupt")
def test_a_lock_around_every_send_keeps_messages_whole(mp_context: Any) -> None:
    # The parent cannot send in between, and so cannot say that the child may go on.
    messages = messages_of_two_writers(mp_context, mp_context.Lock(), patience=0.1)
    assert messages == ["hello " * 100, "goodbye"]


def put_large(messages: Any) -> None:
    messages.put("hello " * 20_000)


@pytest.mark.fix("pipe-two-writers-corrupt")
def test_a_queue_keeps_messages_whole(mp_context: Any) -> None:
    messages = mp_context.Queue()
    child = mp_context.Process(target=put_large, args=(messages,))
    child.start()
    pause = threading.Event()
    while messages.empty():  # until a first part of the child's message is in the pipe
        pause.wait(timeout=0.01)
    messages.put("goodbye")
    arrived = [messages.get(timeout=30), messages.get(timeout=30)]
    child.join(timeout=30)
    assert child.exitcode == 0
    messages.close()
    messages.join_thread()
    assert arrived == ["hello " * 20_000, "goodbye"]


# See also: c06_pipes_and_queues/test_07_terminated_consumer.py, for what the locks of a queue
# cost.
