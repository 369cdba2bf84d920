"""Two threads see that the queue is not empty, one gets the item, and the other one waits for ever.

`while not tasks.empty(): tasks.get()` reads like a plan, and works with one consumer. With two, the
answer of `empty()` is out of date as soon as it is there. One tutorial gives `get` a timeout, so
that the wait ends in an Empty; without it, there is no end. A sentinel for each consumer tells it
when to stop, and nobody has to ask.

`tasks.join()` waits until `task_done()` was called for each item. A consumer that raises in between
never calls it, and whoever joins waits for ever.

    pytest -p pytest_concurrency examples/c04_threads/test_10_consumers_of_a_queue.py --hazards=fail
"""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, Queue
from threading import Thread

import pytest

from pytest_concurrency import Race, RaceFound


class Kitchen:
    def __init__(self) -> None:
        self.orders: Queue[str | None] = Queue()
        self.served: list[str] = []
        self.orders.put("soup")


def serve_while_not_empty(kitchen: Kitchen) -> None:
    while not kitchen.orders.empty():
        kitchen.served.append(str(kitchen.orders.get()))


@pytest.mark.hazard(
    "queue-empty-then-get",
    raises=RaceFound,
    match="deadlock|waits for ever",
    why="between empty() and get() the other thread has taken the only item",
)
def test_two_cooks_ask_and_one_waits_for_ever(race: Race) -> None:
    race.threads(serve_while_not_empty, serve_while_not_empty, setup=Kitchen)


def serve_until_empty(kitchen: Kitchen) -> None:
    with suppress(Empty):
        while True:
            kitchen.served.append(str(kitchen.orders.get_nowait()))


def served_soup(kitchen: Kitchen) -> bool:
    return kitchen.served == ["soup"]


@pytest.mark.fix("queue-empty-then-get")
def test_get_nowait_asks_and_takes_in_one_step(race: Race) -> None:
    race.threads(serve_until_empty, serve_until_empty, setup=Kitchen, check=served_soup)


def close(kitchen: Kitchen) -> None:
    for _ in range(2):
        kitchen.orders.put(None)


def serve_until_closed(kitchen: Kitchen) -> None:
    while (order := kitchen.orders.get()) is not None:
        kitchen.served.append(order)


@pytest.mark.fix("queue-empty-then-get")
def test_a_sentinel_for_each_cook_tells_when_to_stop(race: Race) -> None:
    race.threads(serve_until_closed, serve_until_closed, close, setup=Kitchen, check=served_soup)


def cook(kitchen: Kitchen) -> None:
    order = kitchen.orders.get()
    with suppress(ValueError):
        prepare(order)
        kitchen.orders.task_done()


def prepare(order: str | None) -> None:
    raise ValueError(f"no {order} today")


@pytest.mark.hazard(
    "queue-join-hangs-without-task-done",
    match="1 order is still counted",
    why="the cook failed between get() and task_done(), and join() waits for the latter",
)
def test_join_waits_for_an_order_whose_cook_failed() -> None:
    kitchen = Kitchen()
    waiter = Thread(target=kitchen.orders.join, name="waiter")
    waiter.start()
    cook(kitchen)
    waiter.join(timeout=0.2)
    unfinished = kitchen.orders.unfinished_tasks
    if unfinished:
        kitchen.orders.task_done()  # or the waiter would wait for ever
    waiter.join(timeout=30)
    assert not unfinished, f"nobody is at work, and {unfinished} order is still counted"


def cook_and_tick_off(kitchen: Kitchen) -> None:
    order = kitchen.orders.get()
    try:
        with suppress(ValueError):
            prepare(order)
    finally:
        kitchen.orders.task_done()


@pytest.mark.fix("queue-join-hangs-without-task-done")
def test_task_done_in_a_finally_lets_join_return(race: Race) -> None:
    race.threads(cook_and_tick_off, lambda kitchen: kitchen.orders.join(), setup=Kitchen)


# See also: c04_threads/test_06_future_never_read.py, for errors that a pool keeps.
