"""Two threads add one to the same number, and one of the additions can be lost.

`self.hits += 1` is one short statement, and still three steps: read the number, add one, write the
sum. A thread that is stopped after the first step writes, when it goes on, a sum that is out of
date.

Can it be stopped there? Tutorials imply so, and on CPython up to 3.9 four threads that count lose a
great part. Since 3.10 an interpreter with the GIL changes threads only around calls and at the end
of a turn of a loop. A plain `+=` has neither inside and loses nothing, however often one tries:
that is how this interpreter happens to be made, and nobody has promised it. With a call between
reading and writing it is over: `int(...)`, a log line, a property. And on a free-threaded build,
where there is no GIL, a plain `+=` lost additions each time it was tried (Python 3.14t).

Trying often shows the second form now and then, and the first one never. `race` shows both every
time: it stops the threads itself, tells the order that breaks the code, and its verdict says
whether it can happen on this Python ("reachable today") or "only without the GIL".

    pytest -p pytest_concurrency examples/c04_threads/test_01_plus_equals.py --hazards=fail
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest

from pytest_concurrency import Race, RaceFound

# Python 3.13 and later can be built without the GIL, and such a build can be told to put it on.
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
VERDICT_ON_PLUS_EQUALS = "only without the GIL" if HAS_GIL else "reachable today"


class Page:
    def __init__(self) -> None:
        self.hits = 0
        self.lock = Lock()

    def visit(self) -> None:
        self.hits += 1

    def visit_and_round(self) -> None:
        self.hits = int(self.hits) + 1

    def visit_under_the_lock(self) -> None:
        with self.lock:
            self.hits += 1

    def visit_and_round_under_the_lock(self) -> None:
        with self.lock:
            self.hits = int(self.hits) + 1


def saw_both(page: Page) -> None:
    hits = page.hits
    assert hits == 2, f"two visits, and the page counted {hits}"


@pytest.mark.hazard(
    "plus-equals-looks-atomic",
    raises=RaceFound,
    match=rf"the page counted 1[\s\S]*lost update[\s\S]*verdict: {VERDICT_ON_PLUS_EQUALS}",
    why="+= reads and then writes; only where the GIL is does nothing come in between, by accident",
)
def test_plus_equals_loses_an_addition_once_the_gil_is_gone(race: Race) -> None:
    race.threads(Page.visit, Page.visit, setup=Page, check=saw_both)


@pytest.mark.fix("plus-equals-looks-atomic")
def test_a_lock_makes_plus_equals_one_step_on_every_build(race: Race) -> None:
    race.threads(Page.visit_under_the_lock, Page.visit_under_the_lock, setup=Page, check=saw_both)


@pytest.mark.hazard(
    "thread-lost-update",
    raises=RaceFound,
    match=r"the page counted 1[\s\S]*lost update[\s\S]*verdict: reachable today",
    why="after the call between reading and writing the other thread may run, and read the same 0",
)
def test_a_call_between_read_and_write_loses_an_addition_today(race: Race) -> None:
    race.threads(Page.visit_and_round, Page.visit_and_round, setup=Page, check=saw_both)


@pytest.mark.fix("thread-lost-update")
def test_the_lock_held_from_reading_to_writing_keeps_both(race: Race) -> None:
    race.threads(
        Page.visit_and_round_under_the_lock,
        Page.visit_and_round_under_the_lock,
        setup=Page,
        check=saw_both,
    )


def count_for_oneself(visits: int) -> int:
    hits = 0
    for _ in range(visits):
        hits += 1
    return hits


def count_side_by_side() -> None:
    with ThreadPoolExecutor(2) as pool:
        hits = sum(pool.map(count_for_oneself, [1, 2]))
    assert hits == 3


@pytest.mark.fix("thread-lost-update")
def test_each_thread_counts_for_itself_and_one_adds_up(race: Race) -> None:
    race.program(count_side_by_side)


# See also: test_02_lazy_singleton.py, for looking first and acting later, and
# c05_shared_state/test_01_lost_update.py, for the same loss between processes.
