"""A callback raises an error, and no result of the pool ever arrives again.

An error in a task is put into the result of that task, so one expects an error in a callback to
concern its own task at the most. But callbacks run in the parent, in the one thread that takes the
results from the workers. The error ends this thread. The workers work on, and nobody listens: every
`get()` waits for ever, of tasks that had no callback too. (Only of a KeyError it does not die: the
pool takes it for one of its own and drops it, so that just this one result never arrives.)

Such a pool cannot even be ended: `terminate()` raises an AssertionError, before it has ended the
workers. The helper below shows what helps.

For the same reason a callback that is merely slow holds up all results behind it.

What there is to read, without the plugin, is the traceback of a thread somewhere in the output of
the program; pytest makes a warning of it. The call that hangs says nothing. With the plugin and
`@pytest.mark.timeout`, the report says what the workers were doing: they wait for work.

    pytest -p pytest_concurrency examples/c07_pools/test_03_pool_callback_raises.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # neither Pool.join nor Pool.terminate takes one


def play(points: int, games: int) -> tuple[int, int]:
    return points, games


@contextmanager
def pool_of_one(mp_context: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1)
    try:
        yield pool
    finally:
        # It ends the thread that replaces dead workers; the workers it may refuse to end.
        with suppress(AssertionError):
            pool.terminate()
        for worker in multiprocessing.active_children():
            worker.kill()
            worker.join(timeout=30)


@pytest.mark.hazard(
    "pool-callback-raises",
    match="Bob's result does not arrive",
    why="an error in a callback ends the one thread that brings the results of all tasks",
)
def test_after_an_error_in_a_callback_no_result_arrives(
    mp_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where Python prints the traceback of a thread, and pytest makes a warning of it.
    errors: queue.Queue[BaseException | None] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda thread: errors.put(thread.exc_value))
    averages: list[float] = []

    with pool_of_one(mp_context) as pool:
        pool.apply_async(play, (0, 0), callback=lambda ann: averages.append(ann[0] / ann[1]))
        error = errors.get(timeout=30)
        bob = pool.apply_async(play, (10, 2))
        bob.wait(timeout=0.3)
        assert bob.ready(), (
            f"the callback for Ann raised {error!r}, and Bob's result does not arrive"
        )


@pytest.mark.fix("pool-callback-raises")
def test_a_callback_that_catches_its_errors_harms_nobody(mp_context: Any) -> None:
    averages: list[float] = []
    errors: list[Exception] = []

    def note_average(ann: tuple[int, int]) -> None:
        try:
            averages.append(ann[0] / ann[1])
        except Exception as error:
            errors.append(error)

    with pool_of_one(mp_context) as pool:
        pool.apply_async(play, (0, 0), callback=note_average)
        assert pool.apply_async(play, (10, 2)).get(timeout=30) == (10, 2)
    assert [type(error) for error in errors] == [ZeroDivisionError]


@pytest.mark.fix("pool-callback-raises")
def test_without_a_callback_the_error_is_raised_where_the_result_is_used(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        ann, bob = pool.apply_async(play, (0, 0)), pool.apply_async(play, (10, 2))
        points, games = ann.get(timeout=30)
        with pytest.raises(ZeroDivisionError):
            points / games
        assert bob.get(timeout=30) == (10, 2)


@pytest.mark.hazard(
    "pool-callback-blocks-results",
    match="Bob's result does not arrive",
    why="callbacks run in the one thread that brings the results, so the next result waits for it",
)
def test_a_slow_callback_holds_up_the_results_behind_it(mp_context: Any) -> None:
    may_return = threading.Event()
    with pool_of_one(mp_context) as pool:
        pool.apply_async(play, (0, 0), callback=lambda ann: may_return.wait(timeout=30))
        bob = pool.apply_async(play, (10, 2))
        bob.wait(timeout=0.3)
        arrived = bob.ready()
        may_return.set()
        assert arrived, "the callback for Ann is still running, and Bob's result does not arrive"


@pytest.mark.fix("pool-callback-blocks-results")
def test_a_callback_that_only_fills_a_queue_holds_up_nobody(mp_context: Any) -> None:
    answers: queue.Queue[tuple[int, int]] = queue.Queue()
    with pool_of_one(mp_context) as pool:
        pool.apply_async(play, (0, 0), callback=answers.put)
        bob = pool.apply_async(play, (10, 2))
        assert bob.get(timeout=30) == (10, 2)
        # What takes time is done here, with the answer from the queue.
        assert answers.get(timeout=30) == (0, 0)


# See also: test_02_pool_swallows_errors.py, for errors in the tasks themselves.
