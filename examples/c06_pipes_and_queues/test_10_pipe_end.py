"""The child has ended, and its parent waits for another message for ever.

A reader learns that nothing more will come when all writing ends of its pipe are closed: then
`recv` raises EOFError. The child's end was closed when the child ended, so one expects the error
then. But the parent made the pipe, and still has the child's end open too: a copy that it never
uses. As long as any copy is open, somebody might write.

Nothing is wrong with the other kind of end: a closed peer shows as EOFError in `recv`, after
`poll` has said True, which means here that there is something to learn; as BrokenPipeError in
`send`; and one's own end, once closed, as `OSError: handle is closed`.

The remedy: each process closes the ends that it does not use, the parent right after `start()`.
Under fork the child has a copy of the parent's end as well, and has to close it; under spawn and
forkserver it gets only what it is given.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_10_pipe_end.py --hazards=fail
"""

from __future__ import annotations

from multiprocessing import Pipe
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # recv() takes no timeout


def send_one(sender: Any) -> None:
    sender.send("Dear Ann")


def start(mp_context: Any, sender: Any) -> Any:
    child = mp_context.Process(target=send_one, args=(sender,))
    child.start()
    return child


def finish(child: Any) -> None:
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "pipe-eof-never-arrives",
    match="recv.. would wait",
    why="the parent has the writing end open too, so the pipe does not end with the child",
)
def test_a_reader_that_keeps_the_writing_end_open_never_sees_the_end(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender:
        finish(start(mp_context, sender))
        assert receiver.recv() == "Dear Ann"
        knows_more = receiver.poll()
        assert knows_more, "the child has ended, nobody else writes, and recv() would wait"


@pytest.mark.fix("pipe-eof-never-arrives")
def test_a_reader_that_closes_the_writing_end_sees_it(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver:
        child = start(mp_context, sender)
        sender.close()
        assert receiver.recv() == "Dear Ann"
        with pytest.raises(EOFError):
            receiver.recv()
        finish(child)


def look_for_the_end(receiver: Any, is_closed: Any, sees_it: Any) -> None:
    is_closed.wait(timeout=30)
    sees_it.value = receiver.poll()


def test_under_fork_a_child_keeps_its_parents_end_open(mp_context: Any, start_method: str) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    is_closed, sees_it = mp_context.Event(), mp_context.Value("b", False)
    with receiver:
        child = mp_context.Process(target=look_for_the_end, args=(receiver, is_closed, sees_it))
        child.start()
        sender.close()
        is_closed.set()
        finish(child)
    assert bool(sees_it.value) == (start_method != "fork")


@pytest.mark.fact("pipe-peer-gone")
def test_a_closed_peer_shows_as_an_error_of_its_own() -> None:
    here, there = Pipe()
    there.close()
    assert here.poll(), "there is something to learn: the end"
    with pytest.raises(EOFError):
        here.recv()
    with pytest.raises(BrokenPipeError):
        here.send("Dear Ann")
    here.close()
    with pytest.raises(OSError, match="handle is closed"):
        here.send("Dear Ann")


# See also: c06_pipes_and_queues/test_06_consumers.py, for queues, which never end by themselves.
