"""A thread goes through a dict, another one adds a key, and the loop ends with a RuntimeError.

One tutorial says that the GIL makes a dict safe against threads. It does keep the dict whole: no
key is lost, nothing crashes. But a loop over it is many steps, and between two of them another
thread may add a key. The loop then cannot know what it has seen, and says so. It is the same on
every build; a loop over a copy of the keys, which is made in one step, does not mind.

    pytest -p pytest_concurrency examples/c04_threads/test_04_dict_grows_in_a_loop.py --hazards=fail
"""

from __future__ import annotations

from threading import Lock

import pytest

from pytest_concurrency import Race, RaceFound


class Shop:
    def __init__(self) -> None:
        self.prices = {"tea": 3, "coffee": 4}
        self.lock = Lock()
        self.total = 0


def add_cocoa(shop: Shop) -> None:
    shop.prices["cocoa"] = 5


def sum_up(shop: Shop) -> None:
    for drink in shop.prices:
        shop.total += shop.prices[drink]


@pytest.mark.hazard(
    "dict-changed-during-iteration",
    raises=RaceFound,
    match="dictionary changed size during iteration",
    why="a loop over a dict is many steps, and the key came between two of them",
)
def test_a_loop_over_a_dict_that_grows_breaks_off(race: Race) -> None:
    race.threads(sum_up, add_cocoa, setup=Shop)


def sum_up_a_copy(shop: Shop) -> None:
    for drink in list(shop.prices):
        shop.total += shop.prices[drink]


def saw_all_or_all_but_cocoa(shop: Shop) -> bool:
    return shop.total in (7, 12)


@pytest.mark.fix("dict-changed-during-iteration")
def test_a_loop_over_a_copy_of_the_keys_goes_through(race: Race) -> None:
    race.threads(sum_up_a_copy, add_cocoa, setup=Shop, check=saw_all_or_all_but_cocoa)


def sum_up_under_the_lock(shop: Shop) -> None:
    with shop.lock:
        sum_up(shop)


def add_cocoa_under_the_lock(shop: Shop) -> None:
    with shop.lock:
        add_cocoa(shop)


@pytest.mark.fix("dict-changed-during-iteration")
def test_a_lock_that_both_take_keeps_the_loop_whole(race: Race) -> None:
    race.threads(
        sum_up_under_the_lock,
        add_cocoa_under_the_lock,
        setup=Shop,
        check=saw_all_or_all_but_cocoa,
    )


# See also: c04_threads/test_03_lazy_singleton.py, for a question that is out of date at once.
