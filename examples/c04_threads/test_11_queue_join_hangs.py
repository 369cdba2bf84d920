"""A program waits until its queue is worked off, and waits for ever on an empty one.

`Queue.join()` does not wait until the queue is empty. It counts: each `put` adds one, each
`task_done()` takes one away, and at zero it returns. A task whose error comes before `task_done()`
is never counted as done. The worker may log the error and go on with the next task, all tasks are
taken, and `join()` still misses one. It takes no timeout, so nothing ever says so.

One tutorial has its `task_done()` as the last line of the work, where only success arrives. It
belongs into a `finally`.

    pytest -p pytest_concurrency examples/c04_threads/test_11_queue_join_hangs.py --hazards=fail
"""

from __future__ import annotations

from queue import Queue
from threading import Thread

import pytest

from pytest_concurrency import Race, RaceFound

PRICES = {"lamp": 30}


class Shop:
    def __init__(self) -> None:
        self.orders: Queue[str | None] = Queue()
        self.log: list[str] = []

    def pack(self) -> None:
        while order := self.orders.get():
            try:
                self.log.append(f"{order} for {PRICES[order]}")
                self.orders.task_done()
            except KeyError:
                self.log.append(f"no {order}")

    def pack_and_say_so(self) -> None:
        while order := self.orders.get():
            try:
                self.log.append(f"{order} for {PRICES[order]}")
            except KeyError:
                self.log.append(f"no {order}")
            finally:
                self.orders.task_done()


def one_day_of(shop: Shop, packer: Thread) -> list[str]:
    packer.start()
    shop.orders.put("sofa")
    shop.orders.put("lamp")
    shop.orders.join()
    shop.orders.put(None)
    packer.join(timeout=30)
    return shop.log


def a_day_in_the_shop() -> None:
    shop = Shop()
    packer = Thread(target=shop.pack, name="packer")
    assert one_day_of(shop, packer) == ["no sofa", "lamp for 30"]


@pytest.mark.hazard(
    "queue-join-hangs-without-task-done",
    raises=RaceFound,
    match=r"fails without any interleaving: deadlock[\s\S]*waits in Shop#1.orders.join\(\)",
    why="the KeyError jumped over task_done, so one order counts as unfinished for ever",
)
def test_join_waits_for_a_task_that_failed(race: Race) -> None:
    race.program(a_day_in_the_shop)


def a_day_that_ends() -> None:
    shop = Shop()
    packer = Thread(target=shop.pack_and_say_so, name="packer")
    assert one_day_of(shop, packer) == ["no sofa", "lamp for 30"]


@pytest.mark.fix("queue-join-hangs-without-task-done")
def test_task_done_in_a_finally_is_said_of_failed_tasks_too(race: Race) -> None:
    race.program(a_day_that_ends, runs=50)  # the hazard shows in every run, so a few are enough


# See also: test_10_queue_empty_then_get.py, for workers that wait for ever.
