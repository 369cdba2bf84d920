"""A future keeps an error until somebody asks, and a program that never asks calls it a success.

`submit()` returns a future at once, and `map()` an iterator. What the task raises is put into the
future; no traceback is printed, and leaving the `with` block of the executor does not look at it. A
program that submits its tasks and goes on says "all done" whatever has become of them.

One tutorial says that `as_completed` executes the tasks. It only waits for them: `submit` has
started them already. It hands them out as they finish, so results that come from it are not in the
order of the inputs; the tutorial adds them up, where that does not show.

    pytest -p pytest_concurrency examples/c04_threads/test_06_future_never_read.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event

import pytest


def deliver(parcel: str) -> str:
    if parcel == "piano":
        raise ValueError("no room for a piano")
    return f"{parcel} delivered"


@pytest.mark.hazard(
    "executor-exception-never-read",
    match="all done, they say; but one of them raised",
    why="the error is in the future, and nobody has asked the future",
)
def test_a_program_that_never_asks_calls_it_done() -> None:
    with ThreadPoolExecutor(2) as executor:
        futures = [executor.submit(deliver, parcel) for parcel in ("book", "piano")]
        executor.map(deliver, ["piano"])  # nobody goes through what it returns
    errors = [future.exception() for future in futures if future.exception()]
    assert not errors, f"all done, they say; but one of them raised {errors[0]!r}"


@pytest.mark.fix("executor-exception-never-read")
def test_result_of_each_future_raises_it() -> None:
    with ThreadPoolExecutor(2) as executor:
        futures = [executor.submit(deliver, parcel) for parcel in ("book", "piano")]
        with pytest.raises(ValueError, match="no room for a piano"):
            [future.result(timeout=30) for future in futures]


@pytest.mark.fix("executor-exception-never-read")
def test_a_map_that_is_gone_through_raises_it() -> None:
    with (
        ThreadPoolExecutor(2) as executor,
        pytest.raises(ValueError, match="no room for a piano"),
    ):
        list(executor.map(deliver, ["book", "piano"], timeout=30))


@pytest.mark.fact("as-completed-does-not-run-tasks")
def test_submit_starts_a_task_and_as_completed_only_waits() -> None:
    has_run = Event()
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(has_run.set)
        assert has_run.wait(timeout=30)  # as_completed has not been called yet
        assert list(as_completed([future], timeout=30)) == [future]


def deliver_after(parcel: str, before: Event) -> str:
    assert before.wait(timeout=30)
    return deliver(parcel)


def in_reverse(
    executor: ThreadPoolExecutor,
) -> Iterator[tuple[Future[str], dict[Future[str], str]]]:
    """Yields the futures as they are done: the lamp, which was second, and then the book."""
    lamp_is_read = Event()
    book = executor.submit(deliver_after, "book", lamp_is_read)
    lamp = executor.submit(deliver, "lamp")
    for future in as_completed([book, lamp], timeout=30):
        yield future, {book: "book", lamp: "lamp"}
        lamp_is_read.set()


@pytest.mark.hazard(
    "as-completed-order",
    match="the results came as",
    why="as_completed hands out what is done first, whatever was submitted first",
)
def test_results_of_as_completed_do_not_match_the_inputs() -> None:
    parcels = ["book", "lamp"]
    with ThreadPoolExecutor(2) as executor:
        results = [future.result() for future, _ in in_reverse(executor)]
    assert results == [f"{parcel} delivered" for parcel in parcels], (
        f"submitted were {parcels}, and the results came as {results}"
    )


@pytest.mark.fix("as-completed-order")
def test_a_dict_from_future_to_input_tells_whose_result_it_is() -> None:
    with ThreadPoolExecutor(2) as executor:
        for future, parcels in in_reverse(executor):
            assert future.result() == f"{parcels[future]} delivered"


@pytest.mark.fix("as-completed-order")
def test_map_keeps_the_order_of_the_inputs() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert list(executor.map(deliver, ["book", "lamp"], timeout=30)) == [
            "book delivered",
            "lamp delivered",
        ]


# See also: c04_threads/test_05_thread_result_lost.py, for threads without a future.
