"""A connection that was pickled by hand is a second owner of the same descriptor.

`pickle.dumps` of a Connection raises nothing, so one expects a copy that can be used, or stored.
But all that is in the pickle is a number, that of the file descriptor. Loaded in the same process,
two objects believe that the descriptor is theirs, and the first that is closed closes it for both.
Loaded in another process, the number means whatever happens to have it there, or nothing.

Handed to a child as an argument of `Process`, or sent through a Queue, a Pipe or a Pool, it is
pickled by `multiprocessing.reduction.ForkingPickler`, which passes on the descriptor itself. The
child gets one of its own. So what `pickle.dumps` accepts says little about what can be sent, and
the other way round. `assert_picklable` of this plugin pickles as multiprocessing does, and refuses
a connection: what would arrive is no copy of it.

    pytest -p pytest_concurrency examples/c02_pickling/test_13_pickled_connection.py --hazards=fail
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from multiprocessing import Pipe
from typing import Any

import pytest


@pytest.mark.hazard(
    "plain-pickle-of-connection",
    raises=OSError,
    match="Bad file descriptor",
    why="the pickle held the number of the descriptor: closing the copy closed the original",
)
def test_closing_the_copy_of_a_connection_closes_the_original() -> None:
    receiver, sender = Pipe(duplex=False)
    copy = pickle.loads(pickle.dumps(sender))
    try:
        copy.close()
        sender.send_bytes(b"hello")
        assert receiver.recv_bytes() == b"hello"
    finally:
        receiver.close()
        with suppress(OSError):  # it is closed, and does not know
            sender.close()


def say_hello(sender: Any) -> None:
    sender.send_bytes(b"hello")
    sender.close()


@pytest.mark.fix("plain-pickle-of-connection")
def test_a_child_gets_a_descriptor_of_its_own(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender:
        child = mp_context.Process(target=say_hello, args=(sender,))
        child.start()
        child.join(timeout=30)
        assert child.exitcode == 0
        sender.send_bytes(b"hello again")
        assert [receiver.recv_bytes(), receiver.recv_bytes()] == [b"hello", b"hello again"]


# See also: c02_pickling/test_11_locks_for_a_pool.py, for what may cross while a child starts only.
