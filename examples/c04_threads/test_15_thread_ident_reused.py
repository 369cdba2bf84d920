"""Things are filed under the number of a thread, and soon lie in the drawer of another one.

`threading.get_ident()` tells threads apart as long as they live. When one has ended, its number is
free, and the next thread mostly gets it: on Linux it is the address of the thread's memory. A dict
with such numbers as keys mixes up threads of different times. One tutorial compares idents to show
that there are several threads, which holds for those that are alive at the same moment.

The Thread object itself is a key that is never used again while the dict holds it. `native_id`, the
number of the system, comes back as well, only later.

    pytest -p pytest_concurrency examples/c04_threads/test_15_thread_ident_reused.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, current_thread, get_ident

import pytest

THREADS = 50


def one_after_the_other(target: Callable[[], None]) -> None:
    for _ in range(THREADS):
        thread = Thread(target=target)
        thread.start()
        thread.join(timeout=30)


@pytest.mark.hazard(
    "thread-ident-reused",
    match="fewer drawers",
    why="the ident of a thread that has ended is given to a later one",
)
def test_a_later_thread_gets_the_drawer_of_an_earlier_one() -> None:
    drawers: dict[int, str] = {}

    def file() -> None:
        drawers[get_ident()] = "a letter"

    one_after_the_other(file)
    one_each = len(drawers) == THREADS
    assert one_each, f"{THREADS} threads filed a letter each, in fewer drawers than threads"


@pytest.mark.fix("thread-ident-reused")
def test_the_thread_itself_is_a_key_for_good() -> None:
    drawers: dict[Thread, str] = {}

    def file() -> None:
        drawers[current_thread()] = "a letter"

    one_after_the_other(file)
    assert len(drawers) == THREADS


# See also: test_16_context_stays_behind.py, for what else belongs to one thread.
