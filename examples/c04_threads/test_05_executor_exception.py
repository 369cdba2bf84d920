"""A task in a thread pool fails, and nobody ever hears of it.

An executor never loses an error: it keeps it in the future of the task, for whoever asks with
`result()` or `exception()`. Who does not ask is not told, not even when the `with` block ends and
all tasks are done. `map` hides it the same way: its errors come out of the iterator that it
returns, and a loop that is never run gets nothing out of it.

This is worse than a thread of one's own, whose traceback is at least printed. It is the same in a
ProcessPoolExecutor, and with `apply_async` of a multiprocessing Pool.

    pytest -p pytest_concurrency examples/c04_threads/test_05_executor_exception.py --hazards=fail
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

PRICES = {"lamp": 30, "chair": 80}


class Till:
    def __init__(self) -> None:
        self.sold: list[int] = []

    def sell(self, article: str) -> int:
        price = PRICES[article]
        self.sold.append(price)
        return price


@pytest.mark.hazard(
    "executor-exception-never-read",
    match="no error was raised",
    why="the KeyError of the sofa is kept in a future, and nobody asked that future",
)
def test_a_pool_is_left_without_a_word_of_the_task_that_failed() -> None:
    till = Till()
    with ThreadPoolExecutor(1) as pool:
        pool.map(till.sell, ["lamp", "sofa", "chair"])
    sold = till.sold
    assert len(sold) == 3, f"three articles, no error was raised, and the till has {sold}"


@pytest.mark.fix("executor-exception-never-read")
def test_going_through_what_map_returns_raises_the_error() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyError, match="sofa"):
        list(pool.map(Till().sell, ["lamp", "sofa", "chair"]))


@pytest.mark.fix("executor-exception-never-read")
def test_asking_every_future_tells_who_failed() -> None:
    till = Till()
    with ThreadPoolExecutor(1) as pool:
        sales = {article: pool.submit(till.sell, article) for article in ["lamp", "sofa", "chair"]}
    failed = [article for article, sale in sales.items() if sale.exception(timeout=30)]
    assert failed == ["sofa"]


# See also: test_04_thread_exception.py, for threads without a pool.
