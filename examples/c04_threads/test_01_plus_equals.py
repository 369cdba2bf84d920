"""`tally.count += 1` is a race between threads, though CPython with the GIL loses no update.

The tutorials imply that such a counter comes out too low. Up to Python 3.9 it did: of 800,000
additions in four threads, up to 600,000 were lost. Since 3.10 the interpreter lets another thread
go on only at a call and at the jump back of a loop, and in `+=` there is neither: 0 of 150 runs
lost anything. That is how one interpreter is built today, not a promise of the language. A call
between reading and writing is enough to lose updates again, be it only `int(...)` or a property;
and without the GIL, on a free-threaded build, the bare line lost a quarter of them and more.

So a test that only runs the threads passes, and proves nothing. The detector puts the switch
between reading and writing, and its verdict says whether that can happen where it was run.

    pytest -p pytest_concurrency examples/c04_threads/test_01_plus_equals.py --hazards=fail
"""

from __future__ import annotations

import sys
from threading import Lock, Thread

import pytest

from pytest_concurrency import Race, RaceFound

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
VERDICT = "only without the GIL" if HAS_GIL else "reachable today"


class Tally:
    def __init__(self) -> None:
        self.count = 0
        self.lock = Lock()


def add_one(tally: Tally) -> None:
    tally.count += 1


def add_many(tally: Tally) -> None:
    for _ in range(20_000):
        tally.count += 1


def two_were_counted(tally: Tally) -> bool:
    return tally.count == 2


@pytest.mark.hazard(
    "plus-equals-looks-atomic",
    raises=RaceFound,
    match=rf"lost update[\s\S]*verdict: {VERDICT}",
    why="it reads, adds and writes: three steps, and only today's interpreter keeps them together",
)
def test_luck_loses_nothing_and_the_detector_shows_what_can_be_lost(race: Race) -> None:
    tally = Tally()
    threads = [Thread(target=add_many, args=(tally,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    if HAS_GIL:
        assert tally.count == 80_000  # four threads at full speed, and all is there
    race.threads(add_one, add_one, setup=Tally, check=two_were_counted)


def add_one_under_a_lock(tally: Tally) -> None:
    with tally.lock:
        tally.count += 1


@pytest.mark.fix("plus-equals-looks-atomic")
def test_a_lock_makes_it_one_step_on_every_build(race: Race) -> None:
    race.threads(add_one_under_a_lock, add_one_under_a_lock, setup=Tally, check=two_were_counted)


# See also: c04_threads/test_02_lost_thread_update.py, for the same with a call in between.
