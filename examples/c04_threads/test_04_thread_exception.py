"""A thread fails, and the program that waited for it goes on as if nothing had happened.

One tutorial starts `Thread(target=sum)` and forgets the arguments. The thread ends at once with a
TypeError, whose traceback goes to stderr and nowhere else. `join` waits for the end of a thread; it
neither raises the thread's error nor says that there was one, and the program ends with exit code
0.

Nor does `join` bring the result: what the target returns is thrown away. A Future has both. Its
`result()` returns what the function returned, or raises what it raised.

Two nets under threads that are no futures: `threading.excepthook` gets every such error, and pytest
turns it into PytestUnhandledThreadExceptionWarning, which `-W error` makes a failure of the test.

    pytest -p pytest_concurrency examples/c04_threads/test_04_thread_exception.py --hazards=fail
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

PROGRAM = """
from threading import Thread

adder = Thread(target=sum)
adder.start()
adder.join()
print("all done")
"""


@pytest.mark.start_method("spawn")  # threads are the same under each, and once is enough
@pytest.mark.hazard(
    "thread-exception-invisible",
    match="exit code 0",
    why="join waits for a thread to end, however it ends; its error is printed and dropped",
)
def test_the_program_succeeds_although_its_thread_has_failed(run_script: Any) -> None:
    result = run_script(PROGRAM)
    failed = "TypeError" in result.stderr
    assert not (failed and result.exitcode == 0), (
        "the thread ended with a TypeError, and the program with 'all done' and exit code 0"
    )


@pytest.mark.fix("thread-exception-invisible")
def test_result_of_a_future_raises_what_the_thread_raised() -> None:
    with ThreadPoolExecutor(1) as pool:
        total = pool.submit(sum)  # type: ignore[arg-type]  # the mistake
        with pytest.raises(TypeError, match="at least 1 positional argument"):
            total.result(timeout=30)


@pytest.mark.fix("thread-exception-invisible")
def test_excepthook_is_told_of_every_thread_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[str] = []
    monkeypatch.setattr(
        threading, "excepthook", lambda told: failures.append(told.exc_type.__name__)
    )
    adder = Thread(target=sum)
    adder.start()
    adder.join(timeout=30)
    assert failures == ["TypeError"]


@pytest.mark.hazard(
    "thread-return-value-lost",
    match="join returned None",
    why="a Thread throws away what its target returns; there is nobody to ask for it later",
)
def test_join_does_not_return_what_the_target_returned() -> None:
    adder = Thread(target=sum, args=([1, 2, 3],))
    adder.start()
    total: object = adder.join(timeout=30)  # type: ignore[func-returns-value]
    assert total == 6, f"the thread added 1, 2 and 3, and join returned {total}"


@pytest.mark.fix("thread-return-value-lost")
def test_a_future_keeps_the_result() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sum, [1, 2, 3]).result(timeout=30) == 6


# See also: test_05_executor_exception.py, for futures that nobody asks.
