"""Under forkserver a child asks the system who its parent is, and is told of a stranger.

A program of the method forkserver does not start its children itself. It starts one clean process,
the fork server, and asks it to fork. So the server is the parent that `os.getppid()` tells of,
while `multiprocessing.parent_process()` names the process that asked.

One tutorial says that the server starts when the program chooses the method. It starts with the
first child; choosing costs nothing.

The server is clean, but not empty: it may have imported something, and its children share what
that has made. Up to Python 3.13.7 it imported nothing by itself, and each child imported the
program's file and had, say, a secret key of its own. Since 3.13.8 and 3.14.1 the server imports
that file, once, and all its children have one key, as the children of fork always had.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_07_fork_server.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import Any

import pytest

VERSION = sys.version_info[:3]
SERVER_IMPORTS_THE_PROGRAM = (3, 13, 8) <= VERSION < (3, 14, 0) or VERSION >= (3, 14, 1)

THE_FIRST_CHILD = """
import multiprocessing
from multiprocessing.forkserver import _forkserver

def say(when):
    print(when, "no server" if _forkserver._forkserver_pid is None else "a server")

if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")
    say("chosen:")
    child = multiprocessing.Process(target=len, args=("",))
    say("made:")
    child.start()
    say("started:")
    child.join()
"""


@pytest.mark.fact("forkserver-lazy-start")
@pytest.mark.start_method("forkserver")
def test_the_fork_server_starts_with_the_first_child(run_script: Any) -> None:
    said = run_script(THE_FIRST_CHILD).check().stdout.splitlines()
    assert said == ["chosen: no server", "made: no server", "started: a server"]


def answer_of(mp_context: Any, target: Any) -> Any:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender:
        child = mp_context.Process(target=target, args=(sender,))
        child.start()
        child.join(timeout=30)
        assert child.exitcode == 0
        return receiver.recv()


def tell_parent_by_the_system(sender: Any) -> None:
    sender.send(os.getppid())


@pytest.mark.hazard(
    "getppid-is-not-the-parent",
    match="a stranger",
    under=("forkserver",),
    why="the child was forked by the fork server, and for the system that is its parent",
)
def test_the_parent_of_a_child_is_not_who_started_it(mp_context: Any) -> None:
    parent = answer_of(mp_context, tell_parent_by_the_system)
    who = "this process" if parent == os.getpid() else "a stranger"
    assert who == "this process", f"this process started the child, whose parent is {who}"


def tell_parent_by_the_library(sender: Any) -> None:
    parent = multiprocessing.parent_process()
    sender.send(parent and parent.pid)


@pytest.mark.fix("getppid-is-not-the-parent")
def test_parent_process_names_who_started_the_child(mp_context: Any) -> None:
    assert answer_of(mp_context, tell_parent_by_the_library) == os.getpid()


KEY_OF_THE_MODULE = """
import multiprocessing
import os

key = os.urandom(8)

def send_key(sender):
    sender.send(key)

if __name__ == "__main__":
    receiver, sender = multiprocessing.Pipe(duplex=False)
    keys = set()
    for _ in range(2):
        child = multiprocessing.Process(target=send_key, args=(sender,))
        child.start()
        child.join()
        keys.add(receiver.recv())
    print(f"{len(keys)} different keys")
"""


@pytest.mark.hazard(
    "forkserver-preloads-main",
    match="the two children have 1 different",
    under=("fork", "forkserver") if SERVER_IMPORTS_THE_PROGRAM else ("fork",),
    why="the key was drawn once, before the fork: in the program, or in the fork server",
)
def test_a_key_drawn_at_the_top_is_the_same_in_all_children(run_script: Any) -> None:
    keys = run_script(KEY_OF_THE_MODULE).check().stdout.strip()
    assert keys == "2 different keys", f"the two children have {keys}"


@pytest.mark.fix("forkserver-preloads-main")
@pytest.mark.start_method("fork", "forkserver")  # where it breaks
def test_a_key_drawn_in_the_child_is_its_own(run_script: Any) -> None:
    program = KEY_OF_THE_MODULE.replace("send(key)", "send(os.urandom(8))")
    assert run_script(program).check().stdout == "2 different keys\n"


# See also: c01_separate_memory/test_03_reimported.py, for the imports themselves.
