"""`imap_unordered` gives the answers as they come, so they belong to other questions.

A pool has the work of `map` in several forms. `map` and `imap` keep the order of the input.
`imap_unordered` gives what is ready first, so that zipping its answers with the input pairs them
wrongly. It may take long to find out: tasks of equal length end in the order they began in.

`map` is like the builtin of that name, says one tutorial. It is not lazy: it makes a list of its
input before the first task is sent, and returns when the last is done. From an endless generator it
never returns. `imap` sends while it reads; it does not wait for us, though, but reads on as far as
it can. Let a semaphore hold it back where the input is large.

And of many tasks of `map` one may fail. Then its error is raised, the results of all others are
gone, though they have run all the same: all but those behind it in its chunk, where tasks are sent
by the chunk.

    pytest -p pytest_concurrency examples/c07_pools/test_08_map_and_its_kin.py --hazards=fail
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # neither Pool.map nor the iteration of imap takes one

ann_is_done: Any = None


def share(semaphore: Any) -> None:
    global ann_is_done
    ann_is_done = semaphore


def greet(name: str) -> str:
    if name == "Bob":
        assert ann_is_done.acquire(timeout=30)
    if name == "Cid":  # whoever greets Cid has greeted Ann before, since Bob keeps the other worker
        ann_is_done.release()
    return f"Hello {name}"


def pool_of_two(mp_context: Any) -> Any:
    return mp_context.Pool(2, initializer=share, initargs=(mp_context.Semaphore(0),))


@pytest.mark.hazard(
    "map-order-vs-unordered",
    match="Bob was answered with 'Hello Ann'",
    why="imap_unordered gives the answers in the order in which the tasks end",
)
def test_unordered_answers_are_paired_with_the_wrong_questions(mp_context: Any) -> None:
    names = ["Bob", "Ann", "Cid"]
    with pool_of_two(mp_context) as pool:
        answers = dict(zip(names, pool.imap_unordered(greet, names), strict=True))
    assert answers["Bob"] == "Hello Bob", f"Bob was answered with {answers['Bob']!r}"


@pytest.mark.fix("map-order-vs-unordered")
def test_imap_keeps_the_order(mp_context: Any) -> None:
    names = ["Bob", "Ann", "Cid"]
    with pool_of_two(mp_context) as pool:
        answers = dict(zip(names, pool.imap(greet, names), strict=True))
    assert answers == {"Bob": "Hello Bob", "Ann": "Hello Ann", "Cid": "Hello Cid"}


def greet_by_name(name: str) -> tuple[str, str]:
    return name, greet(name)


@pytest.mark.fix("map-order-vs-unordered")
def test_a_task_that_returns_its_question_too_needs_no_order(mp_context: Any) -> None:
    with pool_of_two(mp_context) as pool:
        answers = dict(pool.imap_unordered(greet_by_name, ["Bob", "Ann", "Cid"]))
    assert answers == {"Bob": "Hello Bob", "Ann": "Hello Ann", "Cid": "Hello Cid"}


@pytest.mark.hazard(
    "pool-map-consumes-generator",
    match="read 1, read 2, read 3, got 1, got 2, got 3",
    why="map makes a list of its input before it sends the first task",
)
def test_map_reads_a_generator_to_its_end_first(mp_context: Any) -> None:
    diary = []

    def numbers() -> Iterator[int]:
        for number in [1, 2, 3]:
            diary.append(f"read {number}")
            yield -number

    with mp_context.Pool(1) as pool:
        for number in pool.map(abs, numbers()):
            diary.append(f"got {number}")
    assert diary[:2] == ["read 1", "got 1"], f"the order was: {', '.join(diary)}"


@pytest.mark.fix("pool-map-consumes-generator")
def test_imap_with_a_semaphore_reads_no_further_than_we_are(mp_context: Any) -> None:
    diary = []
    may_read = threading.Semaphore(1)

    def numbers() -> Iterator[int]:  # in a thread of the pool
        for number in [1, 2, 3]:
            assert may_read.acquire(timeout=30)
            diary.append(f"read {number}")
            yield -number

    with mp_context.Pool(1) as pool:
        for number in pool.imap(abs, numbers()):
            diary.append(f"got {number}")
            may_read.release()
    assert diary == ["read 1", "got 1", "read 2", "got 2", "read 3", "got 3"]


def halve(number: int) -> int:
    print(f"halving {number}", flush=True)
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


@pytest.mark.hazard(
    "pool-map-failure-hides-others",
    raises=ValueError,
    match="3 is odd",
    why="map raises the first error when all tasks have run, and lets go of the results",
)
def test_one_error_costs_the_results_of_all(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        pool.map(halve, [2, 3, 4], chunksize=1)


@pytest.mark.fix("pool-map-failure-hides-others")
def test_each_result_of_imap_is_there_or_raises(mp_context: Any) -> None:
    halves = []
    with mp_context.Pool(1) as pool:
        results = pool.imap(halve, [2, 3, 4])
        for _ in range(3):
            try:
                halves.append(next(results))
            except ValueError:
                halves.append(None)
    assert halves == [1, None, 2]


# See also: test_02_pool_swallows_errors.py, for errors that are not even raised.
