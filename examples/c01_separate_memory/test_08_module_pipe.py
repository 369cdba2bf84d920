"""One child sends through the pipe of the module, the other receives from it, and nothing arrives.

A tutorial makes a pipe at the top of its file, and its two children use it by its name. Under fork
all have the same pipe, as copies of one process. Under spawn each child imports the file, which
makes a pipe of its own, and the second child waits at a pipe that nobody writes to: in the
tutorial for ever, here until it has looked.

Under forkserver it was the same up to Python 3.13.7. Since 3.13.8 and 3.14.1 the fork server
imports the file, and makes one pipe for all children: there the two do meet, and only the program
itself receives nothing, at a pipe of its own.

What processes are to share is made in one place and given to each of them, as an argument.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_08_module_pipe.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

PIPE_OF_THE_MODULE = """
import multiprocessing

receiver, sender = multiprocessing.Pipe(duplex=False)

def send():
    sender.send("hello")
    sender.send("hello")

def receive(who):
    # The sender has ended: what it has sent is there.
    answer = receiver.recv() if receiver.poll() else "nothing"
    print(who, "received", answer, flush=True)

if __name__ == "__main__":
    for target, args in (send, ()), (receive, ("the other child",)):
        child = multiprocessing.Process(target=target, args=args)
        child.start()
        child.join()
    receive("the program")
"""

ALL_RECEIVED = ["the other child received hello", "the program received hello"]


@pytest.mark.hazard(
    "module-global-pipe",
    match="the program received nothing",
    under=("spawn", "forkserver"),
    why="the pipe is made by importing the file, and each process that imports it has another one",
)
def test_two_children_do_not_meet_at_the_pipe_of_their_module(run_script: Any) -> None:
    said = run_script(PIPE_OF_THE_MODULE).check().stdout.splitlines()
    assert said == ALL_RECEIVED, f"one child sent hello twice; {', '.join(said)}"


PIPE_AS_AN_ARGUMENT = """
import multiprocessing

def send(sender):
    sender.send("hello")

if __name__ == "__main__":
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=send, args=(sender,))
    child.start()
    child.join()
    print("the program received", receiver.recv() if receiver.poll() else "nothing")
"""


@pytest.mark.fix("module-global-pipe")
def test_the_end_of_a_pipe_is_given_to_the_child(run_script: Any) -> None:
    said = run_script(PIPE_AS_AN_ARGUMENT).check().stdout
    assert said == "the program received hello\n"


# See also: c01_separate_memory/test_07_fork_server.py, for what else the fork server makes once.
