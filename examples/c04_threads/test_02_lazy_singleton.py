"""A thing that is to be made once, when it is first needed, is made twice.

`if self.connection is None: self.connection = connect()` reads like a guarantee: whoever comes
second finds it made. But connecting takes time, and a second thread that looks meanwhile finds None
as well, and connects too. Looking and acting are two steps, and the answer is old before the second
one begins. Two connections, two caches, two "singletons": mostly nobody notices, until the two
halves of a program talk to different ones.

The lock must be taken before looking: with the lock inside the `if`, both have looked already.
Where it costs little, make the thing before the threads start, and there is nothing left to race
for.

    pytest -p pytest_concurrency examples/c04_threads/test_02_lazy_singleton.py --hazards=fail
"""

from __future__ import annotations

from threading import Lock

import pytest

from pytest_concurrency import Race, RaceFound


class Connection:
    pass


class Shop:
    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.opened: list[Connection] = []
        self.lock = Lock()

    def connect(self) -> Connection:
        connection = Connection()
        self.opened.append(connection)
        return connection

    def serve(self) -> None:
        if self.connection is None:
            self.connection = self.connect()

    def serve_in_turn(self) -> None:
        with self.lock:
            if self.connection is None:
                self.connection = self.connect()


def opened_one(shop: Shop) -> None:
    opened = len(shop.opened)
    assert opened == 1, f"one connection is enough, and {opened} were opened"


@pytest.mark.hazard(
    "lazy-singleton-race",
    raises=RaceFound,
    match=r"2 were opened[\s\S]*check-then-act[\s\S]*verdict: reachable today",
    why="both threads looked, found None, and connected; whoever was second overwrote the first",
)
def test_two_threads_that_find_none_both_connect(race: Race) -> None:
    race.threads(Shop.serve, Shop.serve, setup=Shop, check=opened_one)


@pytest.mark.fix("lazy-singleton-race")
def test_a_lock_around_looking_and_making_connects_once(race: Race) -> None:
    race.threads(Shop.serve_in_turn, Shop.serve_in_turn, setup=Shop, check=opened_one)


# See also: test_01_plus_equals.py, for reading and writing with a gap in between, and
# test_10_queue_empty_then_get.py, for another answer that is out of date.
