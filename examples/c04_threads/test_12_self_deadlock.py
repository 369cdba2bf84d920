"""A task hands a second task to its own thread pool and waits for it, and neither ever ends.

A pool has so many threads, and each task keeps one until it returns. A task that waits for another
task of the same pool keeps its thread while doing nothing, and if all threads do so, none is left
to run what they wait for. With one thread it happens every time; with eight, on the day when eight
such tasks arrive together. Nothing is wrong with the order in which the threads run: no order
helps.

Let the one outside the pool do the waiting, or give the inner tasks a pool of their own.

    pytest -p pytest_concurrency examples/c04_threads/test_12_self_deadlock.py --hazards=fail
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_concurrency import Race, RaceFound


def fetch(page: str) -> str:
    return f"text of {page}"


def read_the_news() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as pool:

        def read_both() -> list[str]:
            pages = [pool.submit(fetch, page) for page in ("front", "back")]
            return [page.result() for page in pages]

        assert pool.submit(read_both).result() == ["text of front", "text of back"]


@pytest.mark.hazard(
    "executor-self-deadlock",
    raises=RaceFound,
    match="fails without any interleaving: deadlock",
    why="the only thread of the pool waits for a task that only this thread could run",
)
def test_a_task_that_waits_for_its_own_pool_never_ends(race: Race) -> None:
    race.program(read_the_news)


def read_the_news_with_two_pools() -> None:
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as inner_pool:

        def read_both() -> list[str]:
            pages = [inner_pool.submit(fetch, page) for page in ("front", "back")]
            return [page.result() for page in pages]

        assert pool.submit(read_both).result() == ["text of front", "text of back"]


@pytest.mark.fix("executor-self-deadlock")
def test_a_pool_of_their_own_runs_the_inner_tasks(race: Race) -> None:
    race.program(read_the_news_with_two_pools)


def read_the_news_from_outside() -> None:
    with ThreadPoolExecutor(1) as pool:
        pages = [pool.submit(fetch, page) for page in ("front", "back")]
        assert [page.result() for page in pages] == ["text of front", "text of back"]


@pytest.mark.fix("executor-self-deadlock")
def test_waiting_outside_the_pool_leaves_its_thread_free(race: Race) -> None:
    race.program(read_the_news_from_outside)


# See also: test_11_queue_join_hangs.py, for another wait that nobody ends.
