"""An order that is changed after it was put into a queue arrives with the change.

`put` has returned, so one expects the order to be on its way as it was. But `Queue.put` only leaves
it with the feeder thread, which pickles it in its own time, and until then it is the very same dict
that the program goes on working with.

By nature that went wrong 200 times out of 200: the feeder has to wake up first. Here pickling waits
for the change, and it goes wrong every time. A SimpleQueue and a Pipe pickle before they return.

    pytest -p pytest_concurrency examples/c02_pickling/test_08_queue_pickles_late.py --hazards=fail
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

changed = threading.Event()


@pytest.fixture(autouse=True)
def _nothing_is_changed_yet() -> Iterator[None]:
    yield
    changed.clear()


class Slow:
    """Pickles as the word "slow", and in a feeder thread not before the order was changed."""

    def __reduce__(self) -> tuple[Any, ...]:
        if threading.current_thread() is not threading.main_thread():
            assert changed.wait(timeout=30)
        return str, ("slow",)


def put_and_change(queue: Any, order: dict[str, int], sent: dict[str, int]) -> int:
    queue.put([Slow(), sent])
    order["pieces"] = 99
    changed.set()
    _, arrived = queue.get()
    queue.close()
    return int(arrived["pieces"])


@pytest.mark.hazard(
    "queue-pickles-late",
    match="an order of 1 was put, and 99 arrive",
    why="put() only left the dict with the feeder thread, which pickled it after the change",
)
def test_a_change_after_put_arrives_as_well(mp_context: Any) -> None:
    order = {"pieces": 1}
    pieces = put_and_change(mp_context.Queue(), order, sent=order)
    assert pieces == 1, f"an order of 1 was put, and {pieces} arrive"


@pytest.mark.fix("queue-pickles-late")
def test_a_copy_is_not_changed(mp_context: Any) -> None:
    order = {"pieces": 1}
    assert put_and_change(mp_context.Queue(), order, sent=order.copy()) == 1


@pytest.mark.fix("queue-pickles-late")
def test_a_simple_queue_pickles_before_put_returns(mp_context: Any) -> None:
    order = {"pieces": 1}
    assert put_and_change(mp_context.SimpleQueue(), order, sent=order) == 1


# See also: c02_pickling/test_07_queue_drops.py, for what the feeder thread does with an error.
