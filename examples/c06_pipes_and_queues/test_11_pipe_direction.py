"""The first end of a one-way pipe is the one that reads, and a full pipe makes its writer wait.

`Pipe()` gives two ends that both send and receive. `Pipe(duplex=False)` gives one of each kind, and
one expects the order in which one speaks of them: sender, receiver. It is the other way round:
receiver, sender. Sending on the wrong one is an error at once: `connection is read-only`. (One
tutorial calls Pipe a class. It is a function, which returns a pair of Connections.)

The other mistake has no error. A program sends a large message to itself, or to a process that it
starts afterwards. One expects `send` to hand it over and return. It returns when all of the message
is in the pipe, which holds 64 KiB; the rest waits for a reader who comes too late. Start the reader
first. (A queue returns from put at once, since it has a thread that waits in its place.)

    pytest -p pytest_concurrency examples/c06_*/test_11_pipe_direction.py --hazards=fail
"""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # send() and recv() take no timeout

MESSAGE = "x" * 1_000_000


@pytest.mark.hazard(
    "pipe-wrong-end",
    raises=OSError,
    match="connection is read-only",
    why="Pipe(duplex=False) returns the reading end first",
)
def test_the_first_end_of_a_one_way_pipe_does_not_send() -> None:
    sender, receiver = Pipe(duplex=False)
    with sender, receiver:
        sender.send("Dear Ann")


@pytest.mark.fix("pipe-wrong-end")
def test_the_second_end_sends() -> None:
    receiver, sender = Pipe(duplex=False)
    with receiver, sender:
        sender.send("Dear Ann")
        assert receiver.recv() == "Dear Ann"


@pytest.mark.fix("pipe-wrong-end")
def test_a_two_way_pipe_has_no_wrong_end() -> None:
    one, other = Pipe()
    with one, other:
        one.send("Dear Ann")
        other.send("Dear Bob")
        assert (other.recv(), one.recv()) == ("Dear Ann", "Dear Bob")
        assert type(one) is Connection


@pytest.mark.hazard(
    "pipe-send-blocks",
    match="still waits",
    why="the message does not fit into the pipe, and who should read it is started later",
)
def test_a_large_message_is_not_sent_before_somebody_reads() -> None:
    receiver, sender = Pipe(duplex=False)
    with receiver, sender:
        sending = threading.Thread(target=sender.send, args=(MESSAGE,))
        sending.start()
        sending.join(timeout=0.1)  # a program without a thread stands here for ever
        still_waits = sending.is_alive()
        assert receiver.recv() == MESSAGE  # now it can end
        sending.join(timeout=30)
    assert not still_waits, "nobody reads yet, and send() of a large message still waits"


def receive(receiver: Any, lengths: Any) -> None:
    lengths.put(len(receiver.recv()))


@pytest.mark.fix("pipe-send-blocks")
def test_a_reader_that_is_started_first_lets_send_return(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    lengths = mp_context.SimpleQueue()
    with receiver, sender:
        reader = mp_context.Process(target=receive, args=(receiver, lengths))
        reader.start()
        sender.send(MESSAGE)
        reader.join(timeout=30)
        assert reader.exitcode == 0
        assert lengths.get() == len(MESSAGE)


# See also: c06_pipes_and_queues/test_02_join_before_drain.py, for the same limit below a queue.
