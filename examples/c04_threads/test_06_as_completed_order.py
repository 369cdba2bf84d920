"""The results of several tasks come back in another order than the tasks were given.

`as_completed` yields the futures as they get ready: the fast ones first. Who puts the results
beside the inputs gives the right answer to the wrong question. A sum does not show the mistake,
which is why a tutorial that only adds up never meets it.

The same tutorial says that `as_completed` "executes your tasks". `submit` does: the task runs
whether or not anyone waits for it, and `as_completed` only waits.

    pytest -p pytest_concurrency examples/c04_threads/test_06_as_completed_order.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event

import pytest

CAPITALS = {"France": "Paris", "Italy": "Rome"}


@pytest.mark.fact("as-completed-does-not-run-tasks")
def test_a_task_runs_as_soon_as_it_is_submitted() -> None:
    ran = Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ran.set)
        assert ran.wait(timeout=30)  # and nobody has called as_completed


class Atlas:
    """Answers for France only when the answer for Italy has been read."""

    def __init__(self) -> None:
        self.italy_was_read = Event()

    def capital_of(self, country: str) -> str:
        if country == "France":
            assert self.italy_was_read.wait(timeout=30)
        return CAPITALS[country]

    def read(self, futures: Iterable[Future[str]]) -> Iterator[Future[str]]:
        for future in as_completed(futures, timeout=60):
            yield future
            self.italy_was_read.set()


@pytest.mark.hazard(
    "as-completed-order",
    match="'France': 'Rome'",
    why="as_completed yields what is ready first; it does not keep the order of the inputs",
)
def test_each_country_gets_the_capital_of_the_other() -> None:
    atlas, countries = Atlas(), ["France", "Italy"]
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(atlas.capital_of, country) for country in countries]
        answers = [future.result() for future in atlas.read(futures)]
    found = dict(zip(countries, answers, strict=True))
    assert found == CAPITALS, f"asked for France, then Italy, and read: {found}"


@pytest.mark.fix("as-completed-order")
def test_a_dict_from_future_to_input_keeps_them_together() -> None:
    atlas = Atlas()
    with ThreadPoolExecutor(2) as pool:
        country_of = {pool.submit(atlas.capital_of, country): country for country in CAPITALS}
        found = {country_of[future]: future.result() for future in atlas.read(country_of)}
    assert found == CAPITALS


@pytest.mark.fix("as-completed-order")
def test_map_returns_results_in_the_order_of_the_inputs() -> None:
    atlas = Atlas()
    atlas.italy_was_read.set()  # map hands out nothing before the answer for France is there
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(CAPITALS, pool.map(atlas.capital_of, CAPITALS), strict=True))
    assert found == CAPITALS


# See also: test_05_executor_exception.py, for results that are not read at all.
