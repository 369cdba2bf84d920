"""Two threads empty a queue, and one of them waits for ever for a task that is already taken.

`while not tasks.empty(): tasks.get()` looks careful. But between the answer "not empty" and `get`
another thread can take the last task, and `get` waits for the next one, which never comes. One
tutorial adds `timeout=2` and catches `queue.Empty`: then the loop does end, two seconds late.

So do not ask: take, and be told. `get_nowait` either takes or raises Empty, in one step. Where
tasks still arrive, an empty queue says nothing about the end; put one "no more" for each thread.

Other than that of `multiprocessing`, the `empty()` of a thread's queue is exact. It is only old.

    pytest -p pytest_concurrency examples/c04_threads/test_10_queue_empty_then_get.py --hazards=fail
"""

from __future__ import annotations

from queue import Empty, Queue

import pytest

from pytest_concurrency import Race, RaceFound

NO_MORE = ""


class Office:
    def __init__(self) -> None:
        self.letters: Queue[str] = Queue()
        self.letters.put("a letter")
        self.answered: list[str] = []

    def clerk(self) -> None:
        while not self.letters.empty():
            self.answered.append(self.letters.get())

    def clerk_who_takes(self) -> None:
        while True:
            try:
                letter = self.letters.get_nowait()
            except Empty:
                return
            self.answered.append(letter)

    def clerk_until_told(self) -> None:
        while letter := self.letters.get():
            self.answered.append(letter)


def at_closing_time() -> Office:
    office = Office()
    for _ in range(2):
        office.letters.put(NO_MORE)
    return office


def answered_all(office: Office) -> bool:
    return office.answered == ["a letter"]


@pytest.mark.hazard(
    "queue-empty-then-get",
    raises=RaceFound,
    match=r"deadlock: Actor \d waits in Office#1.letters.get\(\)[\s\S]*verdict: reachable today",
    why="both clerks saw one letter; one took it, and the other waits for one that never comes",
)
def test_not_empty_is_no_longer_true_when_get_is_called(race: Race) -> None:
    race.threads(Office.clerk, Office.clerk, setup=Office, check=answered_all)


@pytest.mark.fix("queue-empty-then-get")
def test_get_nowait_takes_or_says_that_there_is_nothing(race: Race) -> None:
    race.threads(Office.clerk_who_takes, Office.clerk_who_takes, setup=Office, check=answered_all)


@pytest.mark.fix("queue-empty-then-get")
def test_one_no_more_for_each_thread_ends_them_all(race: Race) -> None:
    race.threads(
        Office.clerk_until_told, Office.clerk_until_told, setup=at_closing_time, check=answered_all
    )


# See also: test_02_lazy_singleton.py, for the same mistake without a queue, and
# test_11_queue_join_hangs.py, for the one who waits for the clerks.
