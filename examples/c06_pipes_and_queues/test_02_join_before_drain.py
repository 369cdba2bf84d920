"""A parent waits for its child to end, and the child waits for its parent to read.

The child puts a large result into a queue, and the parent joins the child before it reads. One
expects the result to wait in the queue. But the pipe below a queue holds 64 KiB on Linux, and the
rest stays in the child: its feeder thread goes on sending when there is room. A child does not end
before its feeder is done, `join()` does not return before the child ends, and the parent reads only
after `join()`. One tutorial joins three processes and then reads their results. That works because
its results are short: 60,000 bytes still fit into the pipe, and 70,000 hang.

Nothing is printed, no error is raised: the program just stands still. The first test below shows
that silence. The detector breaks it: it says which process cannot end, for which queue, and what to
do. (The leak check names such a child as well, with the line that started it and the stack of its
feeder, when a test forgets one.)

The remedy is the order: first get, then join.

    pytest -p pytest_concurrency examples/c06_*/test_02_join_before_drain.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


def put_a_large_result(results: Any) -> None:
    results.put("x" * 1_000_000)


def test_without_the_plugin_the_join_hangs_in_silence(capfd: Any) -> None:
    results = FORK.Queue()
    child = FORK.Process(target=put_a_large_result, args=(results,))
    child.start()
    child.join(timeout=0.1)  # a program without a timeout stands here for ever
    assert child.exitcode is None
    assert capfd.readouterr() == ("", "")

    assert len(results.get(timeout=30)) == 1_000_000
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "queue-join-before-drain",
    raises=RaceFound,
    match=r"has\s+to\s+be\s+drained\s+before",
    why="the result does not fit into the pipe, and the child cannot end before it is read",
)
def test_a_child_does_not_end_while_nobody_reads_its_result(race: Race) -> None:
    race.processes(put_a_large_result, start_method="fork", setup=FORK.Queue)


def read_the_result(results: Any) -> None:
    assert len(results.get()) == 1_000_000


@pytest.mark.fix("queue-join-before-drain")
def test_a_result_that_is_read_lets_the_child_end(race: Race) -> None:
    race.processes(put_a_large_result, read_the_result, start_method="fork", setup=FORK.Queue)


@pytest.mark.fix("queue-join-before-drain")
def test_first_get_then_join(mp_context: Any) -> None:
    results = mp_context.Queue()
    child = mp_context.Process(target=put_a_large_result, args=(results,))
    child.start()
    assert len(results.get(timeout=30)) == 1_000_000
    child.join(timeout=30)
    assert child.exitcode == 0


# See also: c06_pipes_and_queues/test_01_empty_queue.py, for reading too early.
