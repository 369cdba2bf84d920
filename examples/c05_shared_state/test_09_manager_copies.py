"""A list is put into a manager's dictionary, something is appended to it, and it stays empty.

`guests["Monday"].append("Ann")` works with any dictionary, and a manager's dictionary looks like
one. But it lives in the manager's process, and here is only a proxy. `guests["Monday"]` asks for
the value and gets a copy, pickled there and unpickled here. Ann is appended to that copy, and the
copy is thrown away.

The manager learns of what is assigned, not of what is changed inside: so take the list, change it
and assign it again. Or make the inner list with `manager.list()`: then what comes back is a proxy
too, and append goes to the manager.

The same copy hides in `guests["seen"] += 1`: it asks for the number and then sends one more, two
trips to the manager, and another process may go in between. A manager's dictionary is safe against
being damaged, not against lost updates. The remedy is a `manager.Lock()` over both trips.

    pytest -p pytest_concurrency examples/c05_shared_state/test_09_manager_copies.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_concurrency import Race, RaceFound

# What is found under fork is replayed under spawn and forkserver, and the finding says what came.
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def manager() -> Iterator[Any]:
    with FORK.Manager() as manager:
        yield manager


@pytest.mark.hazard(
    "manager-nested-mutation",
    match="Monday's list is",
    why='guests["Monday"] is a copy of the list, and the manager hears nothing of its changes',
)
def test_what_is_appended_to_a_list_inside_never_arrives(manager: Any) -> None:
    guests = manager.dict({"Monday": []})
    guests["Monday"].append("Ann")
    assert guests["Monday"] == ["Ann"], f"Ann was appended, and Monday's list is {guests['Monday']}"


@pytest.mark.fix("manager-nested-mutation")
def test_a_list_that_is_assigned_again_arrives(manager: Any) -> None:
    guests = manager.dict({"Monday": []})
    monday = guests["Monday"]
    monday.append("Ann")
    guests["Monday"] = monday
    assert guests["Monday"] == ["Ann"]


@pytest.mark.fix("manager-nested-mutation")
def test_a_list_of_the_manager_inside_is_changed_in_place(manager: Any) -> None:
    guests = manager.dict({"Monday": manager.list()})
    guests["Monday"].append("Ann")
    assert list(guests["Monday"]) == ["Ann"]


def see_one_more(guests: Any) -> None:
    guests["seen"] += 1


@pytest.mark.hazard(
    "manager-dict-read-modify-write",
    raises=RaceFound,
    match="lost update",
    why="reading and writing are two trips to the manager, and another process went in between",
)
def test_two_processes_lose_an_update_of_a_managers_dictionary(manager: Any, race: Race) -> None:
    race.processes(
        see_one_more,
        see_one_more,
        start_method="fork",
        setup=lambda: manager.dict(seen=0),
        reset=lambda guests: guests.update(seen=0),
        check=lambda guests: guests["seen"] == 2,
    )


def see_one_more_under(guests_and_lock: Any) -> None:
    guests, lock = guests_and_lock
    with lock:
        guests["seen"] += 1


@pytest.mark.fix("manager-dict-read-modify-write")
def test_a_lock_of_the_manager_keeps_every_update(manager: Any, race: Race) -> None:
    race.processes(
        see_one_more_under,
        see_one_more_under,
        start_method="fork",
        setup=lambda: (manager.dict(seen=0), manager.Lock()),
        reset=lambda guests_and_lock: guests_and_lock[0].update(seen=0),
        check=lambda guests_and_lock: guests_and_lock[0]["seen"] == 2,
    )


# See also: c05_shared_state/test_01_lost_update.py, for the same two steps in shared memory.
