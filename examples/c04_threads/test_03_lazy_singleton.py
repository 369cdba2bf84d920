"""Two threads ask for the one and only connection, and two are made.

`if connection is None: connection = connect()` looks like a guard: who comes second finds what is
there already. But the question and the answer are two steps. Both threads may have asked before
either has made anything, and then both make one; the second takes the place of the first, which
somebody is already using. The remedy is a lock around question and answer, or to make it before
there are any threads.

    pytest -p pytest_concurrency examples/c04_threads/test_03_lazy_singleton.py --hazards=fail
"""

from __future__ import annotations

from threading import Lock, Thread

import pytest

from pytest_concurrency import Race, RaceFound


class Connection:
    def __init__(self, office: Office) -> None:
        office.connections_made += 1


class Office:
    def __init__(self) -> None:
        self.connections_made = 0
        self.connection: Connection | None = None
        self.lock = Lock()


def connect(office: Office) -> None:
    if office.connection is None:
        office.connection = Connection(office)


def made_one(office: Office) -> None:
    assert office.connections_made == 1, f"{office.connections_made} connections were made"


@pytest.mark.hazard(
    "lazy-singleton-race",
    raises=RaceFound,
    match="2 connections were made",
    why="both threads asked whether there is one before either had made it",
)
def test_two_threads_make_two_connections(race: Race) -> None:
    race.threads(connect, connect, setup=Office, check=made_one)


def connect_under_the_lock(office: Office) -> None:
    with office.lock:
        if office.connection is None:
            office.connection = Connection(office)


@pytest.mark.fix("lazy-singleton-race")
def test_a_lock_around_question_and_answer_makes_one(race: Race) -> None:
    race.threads(connect_under_the_lock, connect_under_the_lock, setup=Office, check=made_one)


@pytest.mark.fix("lazy-singleton-race")
def test_one_made_before_the_threads_start_stays_the_only_one() -> None:
    office = Office()
    connect(office)
    threads = [Thread(target=connect, args=(office,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    made_one(office)


# See also: c04_threads/test_02_lost_thread_update.py, for a number that is read and written.
