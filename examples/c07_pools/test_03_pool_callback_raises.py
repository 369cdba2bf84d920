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
    match="the result of the second does not arrive",
    why="an error in a callback ends the one thread that brings the results of all tasks",
)
def test_after_an_error_in_a_callback_no_result_arrives(
    mp_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where Python prints the traceback of a thread, and pytest makes a warning of it.
    errors: queue.Queue[BaseException | None] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda thread: errors.put(thread.exc_value))
    shares: list[float] = []

    with pool_of_one(mp_context) as pool:
        pool.apply_async(len, ("",), callback=lambda length: shares.append(1 / length))
        error = errors.get(timeout=30)
        word = pool.apply_async(len, ("word",))
        word.wait(timeout=0.1)
        assert word.ready(), (
            f"the callback of the first task raised {error!r}, "
            "and the result of the second does not arrive"
        )


@pytest.mark.fix("pool-callback-raises")
def test_a_callback_that_catches_its_errors_harms_nobody(mp_context: Any) -> None:
    shares: list[float] = []
    errors: list[Exception] = []

    def note_share(length: int) -> None:
        try:
            shares.append(1 / length)
        except Exception as error:
            errors.append(error)

    with pool_of_one(mp_context) as pool:
        pool.apply_async(len, ("",), callback=note_share)
        assert pool.apply_async(len, ("word",)).get(timeout=30) == 4
    assert [type(error) for error in errors] == [ZeroDivisionError]


@pytest.mark.fix("pool-callback-raises")
def test_without_a_callback_the_error_is_raised_where_the_result_is_used(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        empty, word = pool.apply_async(len, ("",)), pool.apply_async(len, ("word",))
        with pytest.raises(ZeroDivisionError):
            1 / empty.get(timeout=30)
        assert 1 / word.get(timeout=30) == 0.25


@pytest.mark.hazard(
    "pool-callback-blocks-results",
    match="the result of the second does not arrive",
    why="callbacks run in the one thread that brings the results, so the next result waits for it",
)
def test_a_slow_callback_holds_up_the_results_behind_it(mp_context: Any) -> None:
    may_return = threading.Event()
    with pool_of_one(mp_context) as pool:
        pool.apply_async(len, ("",), callback=lambda _: may_return.wait(timeout=30))
        word = pool.apply_async(len, ("word",))
        word.wait(timeout=0.1)
        arrived = word.ready()
        may_return.set()
        assert arrived, (
            "the callback of the first task is still running, "
            "and the result of the second does not arrive"
        )


@pytest.mark.fix("pool-callback-blocks-results")
def test_a_callback_that_only_fills_a_queue_holds_up_nobody(mp_context: Any) -> None:
    lengths: queue.Queue[int] = queue.Queue()
    with pool_of_one(mp_context) as pool:
        pool.apply_async(len, ("",), callback=lengths.put)
        word = pool.apply_async(len, ("word",))
        assert word.get(timeout=30) == 4
        # What takes time is done here, with what comes out of the queue.
        assert lengths.get(timeout=30) == 0


# See also: test_02_pool_swallows_errors.py, for errors in the tasks themselves.
