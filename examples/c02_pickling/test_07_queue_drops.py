"""A queue drops what it cannot pickle, and says nothing to the one who put it there.

One tutorial says that the program raises an error. But `Queue.put` only leaves the item with a
thread of its own, the feeder, and returns. When the feeder cannot pickle the item, it prints a
traceback, which is nobody's exit code, and goes on to the next. The consumer waits for an item that
does not come.

If the process is about to end by then, it is worse: the feeder does not even print, and gives up.
What was put after the bad item is dropped as well, good or not, and the exit code is 0. Here
pickling waits until the end has begun; by nature it happens now and then.

A test that puts such an item itself fails under this plugin, with the path to the culprit. What a
child puts, its parent cannot know. Pickle it first, or use a SimpleQueue, whose `put` raises.

    pytest -p pytest_concurrency examples/c02_pickling/test_07_queue_drops.py --hazards=fail
"""

from __future__ import annotations

import pickle
import sys
import threading
from multiprocessing.reduction import ForkingPickler
from multiprocessing.util import Finalize
from typing import Any

import pytest

from pytest_concurrency import assert_not_picklable

CANNOT_BE_PICKLED = pickle.PicklingError if sys.version_info >= (3, 14) else AttributeError


def run_child(mp_context: Any, target: Any, *args: Any) -> list[Any]:
    """What is in the queue after the child has ended."""
    queue = mp_context.Queue()
    child = mp_context.Process(target=target, args=(queue, *args))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0
    arrived = []
    while not queue.empty():  # nobody else puts: this time, the answer can be trusted
        arrived.append(queue.get(timeout=30))
    queue.close()
    return arrived


def put_two_and_see_them_off(queue: Any) -> None:
    queue.put(lambda: "the first")
    queue.put("the second")
    queue.close()
    queue.join_thread()  # whatever can be sent is sent before the end begins


@pytest.mark.hazard(
    "queue-put-swallows-pickling-error",
    match="put two items, and one arrives",
    why="put() had returned before the feeder thread tried to pickle the item, and dropped it",
)
def test_an_item_that_cannot_be_pickled_does_not_arrive(mp_context: Any) -> None:
    arrived = run_child(mp_context, put_two_and_see_them_off)
    assert len(arrived) == 2, f"the child put two items, and one arrives: {arrived}"


@pytest.mark.fix("queue-put-swallows-pickling-error")
def test_a_simple_queue_raises_where_it_is_put(mp_context: Any) -> None:
    queue = mp_context.SimpleQueue()
    with pytest.raises(CANNOT_BE_PICKLED, match="lambda"):
        queue.put(lambda: "the first")


@pytest.mark.fix("queue-put-swallows-pickling-error")
def test_a_test_of_the_item_names_the_culprit() -> None:
    item = {"first": lambda: "the first"}
    assert_not_picklable(item, match=r"item\['first'\] is a lambda")


class Report:
    """Holds a connection, and says so when it is pickled; here not before the process ends."""

    the_end_has_begun = threading.Event()

    def __reduce__(self) -> str:
        if threading.current_thread() is not threading.main_thread():
            assert self.the_end_has_begun.wait(timeout=30)
        raise TypeError("this report holds a connection")


def put_three_and_end(queue: Any) -> None:
    Finalize(None, Report.the_end_has_begun.set, exitpriority=100)
    for item in (Report(), "the second", "the third"):
        queue.put(item)


@pytest.mark.hazard(
    "queue-feeder-drops-rest-at-exit",
    match="the child put three items and ended with exit code 0, and",
    why="a feeder that meets an error while its process ends gives up, and drops what follows",
)
def test_an_error_at_the_end_takes_the_good_items_with_it(mp_context: Any) -> None:
    arrived = run_child(mp_context, put_three_and_end)
    assert arrived == ["the second", "the third"], (
        f"the child put three items and ended with exit code 0, and {len(arrived)} arrive"
    )


def pickle_first(queue: Any) -> None:
    Finalize(None, Report.the_end_has_begun.set, exitpriority=100)
    for item in (Report(), "the second", "the third"):
        try:
            ForkingPickler.dumps(item)
        except Exception as error:
            queue.put(f"not sent: {error}")
        else:
            queue.put(item)


@pytest.mark.fix("queue-feeder-drops-rest-at-exit")
def test_what_was_pickled_before_it_is_put_arrives(mp_context: Any) -> None:
    arrived = run_child(mp_context, pickle_first)
    assert arrived == ["not sent: this report holds a connection", "the second", "the third"]


# See also: c02_pickling/test_08_queue_pickles_late.py, for what else the feeder thread does late.
