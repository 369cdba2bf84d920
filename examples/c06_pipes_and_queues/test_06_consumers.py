"""A consumer waits for the next letter when the last one has come, and its program never ends.

`while True: letters.get()` reads all there is; and then it waits for more, like any reader. One
expects it to notice that the producer has ended. But a queue does not know its producers: somebody
might still put something. So the consumer never ends, and who joins it waits for ever. One tutorial
has such a consumer in a pool, and its program hangs; another calls `terminate()`, which the next
page is about.

The usual remedy is an end mark: the producer puts None, and a consumer that gets it stops. Each
consumer takes one mark out of the queue, so one mark stops one consumer. With two consumers and one
mark, one of them stays. Put one for each; or have the consumer that finds the mark put it back.

The detector sees that nobody is left who could put anything, and tells who waits on which line.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_06_consumers.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


def write_letters(letters: Any) -> None:
    letters.put("Dear Ann")


def read_for_ever(letters: Any) -> None:
    while True:
        letters.get()


@pytest.mark.hazard(
    "consumer-never-ends",
    raises=RaceFound,
    match=r"waits\s+in\s+Queue#1.get\(\)[\s\S]*Nobody\s+is\s+left",
    why="a queue does not know that its producer has ended: the consumer waits for more",
)
def test_a_consumer_waits_for_more_when_the_producer_has_ended(race: Race) -> None:
    race.processes(write_letters, read_for_ever, start_method="fork", setup=FORK.Queue)


def write_letters_and_a_mark(letters: Any) -> None:
    letters.put("Dear Ann")
    letters.put(None)


def read_until_the_mark(letters: Any) -> None:
    while letters.get() is not None:
        pass


@pytest.mark.fix("consumer-never-ends")
def test_an_end_mark_ends_the_consumer(race: Race) -> None:
    race.processes(
        write_letters_and_a_mark, read_until_the_mark, start_method="fork", setup=FORK.Queue
    )


@pytest.mark.hazard(
    "too-few-sentinels",
    raises=RaceFound,
    match=r"waits\s+in\s+Queue#1.get\(\)[\s\S]*Nobody\s+is\s+left",
    why="the consumer that got the end mark took it out of the queue, and the other gets none",
)
def test_one_end_mark_ends_one_of_two_consumers(race: Race) -> None:
    race.processes(
        write_letters_and_a_mark,
        read_until_the_mark,
        read_until_the_mark,
        start_method="fork",
        setup=FORK.Queue,
    )


def write_letters_and_two_marks(letters: Any) -> None:
    letters.put("Dear Ann")
    letters.put(None)
    letters.put(None)


@pytest.mark.fix("too-few-sentinels")
def test_one_end_mark_for_each_ends_both(race: Race) -> None:
    race.processes(
        write_letters_and_two_marks,
        read_until_the_mark,
        read_until_the_mark,
        start_method="fork",
        setup=FORK.Queue,
        runs=20,  # with too few marks, every schedule hangs
    )


def read_and_put_the_mark_back(letters: Any) -> None:
    while letters.get() is not None:
        pass
    letters.put(None)


@pytest.mark.fix("too-few-sentinels")
def test_an_end_mark_that_is_put_back_ends_all(race: Race) -> None:
    race.processes(
        write_letters_and_a_mark,
        read_and_put_the_mark_back,
        read_and_put_the_mark_back,
        start_method="fork",
        setup=FORK.Queue,
        runs=20,  # with too few marks, every schedule hangs
    )


# See also: c06_pipes_and_queues/test_07_terminated_consumer.py, for what terminate() does
# instead.
