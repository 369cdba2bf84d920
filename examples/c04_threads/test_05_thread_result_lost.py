"""What a thread returns is thrown away, and what it raises reaches nobody.

A Thread is given a function, so one expects to get at its result or at its error. There is neither:
`join()` returns None whatever happened, and a traceback goes to the standard error stream of the
program, which ends with exit code 0. One tutorial starts `Thread(target=sum)` without its argument,
to show the speed of threads: every thread dies of a TypeError, and the time measured is that of
nothing. A future of a ThreadPoolExecutor keeps both for whoever asks.

pytest warns of errors in threads, and here turns the warning into a failure; a plain program says
no more than the traceback.

    pytest -p pytest_concurrency examples/c04_threads/test_05_thread_result_lost.py --hazards=fail
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

NUMBERS = [1, 2, 3, 4]


@pytest.mark.hazard(
    "thread-return-value-lost",
    match="join\\(\\) returned None",
    why="a Thread calls its target and drops what it returns",
)
def test_join_does_not_return_the_sum() -> None:
    thread: Any = Thread(target=sum, args=(NUMBERS,))
    thread.start()
    result = thread.join(timeout=30)
    assert result == 10, f"the thread has summed up {NUMBERS}, and join() returned {result}"


@pytest.mark.fix("thread-return-value-lost")
def test_a_future_has_the_result() -> None:
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(sum, NUMBERS).result(timeout=30) == 10


@pytest.mark.fix("thread-return-value-lost")
def test_a_list_that_the_thread_fills_has_the_result() -> None:
    results: list[int] = []
    thread = Thread(target=lambda: results.append(sum(NUMBERS)))
    thread.start()
    thread.join(timeout=30)
    assert results == [10]


@pytest.mark.hazard(
    "thread-exception-invisible",
    match="nothing was raised here",
    why="an error ends the thread, not the program, and join() does not raise it again",
)
def test_the_error_of_a_thread_is_not_raised_by_join() -> None:
    errors: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda args: errors.append(repr(args.exc_value)))
        thread: Any = Thread(target=sum)
        thread.start()
        thread.join(timeout=30)
    assert not errors, f"nothing was raised here, but the thread died of {errors[0]}"


@pytest.mark.fix("thread-exception-invisible")
def test_a_future_raises_it_where_the_result_is_asked_for() -> None:
    with ThreadPoolExecutor(1) as executor:
        future: Any = executor.submit(sum)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="at least 1 positional argument"):
            future.result(timeout=30)


# See also: c04_threads/test_06_future_never_read.py, for a future that nobody asks.
