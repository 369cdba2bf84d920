"""Tasks of a pool fail, and nobody is told: the program says that all is done.

The pool of one tutorial runs five tasks that use `time`, which the listing does not import. Each
task dies of a NameError in its second line. One would expect five tracebacks; there is none. The
worker catches the error, since it is to live on for the next task, and puts it into the result. Who
does not ask for the result never meets the error, and the exit code is 0.

A `callback` is no cure: it is called with the results of tasks that succeed, so that of the failed
ones not even the number is known. The tutorial's signature of `apply_async` ends at `callback`; the
argument after it, `error_callback`, is the one that is needed.

To look at one such task, run it outside the pool. `run_in_process` raises what the task raised,
with the traceback of the child:

    in the child process
    Traceback (most recent call last):
      ...
      File "test_02_pool_swallows_errors.py", line ..., in task
        time.sleep(0.1)
    NameError: name 'time' is not defined

Without the plugin, a `Process` at least prints that traceback to its standard error, while a pool
prints nothing at all.

    pytest -p pytest_concurrency examples/c07_pools/test_02_pool_swallows_errors.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # Pool.join takes none


def task(number: int) -> None:
    print(f"task {number} starts")
    time.sleep(0.1)  # type: ignore[name-defined]  # noqa: F821 - the missing import
    print(f"task {number} has finished")


@pytest.mark.hazard(
    "apply-async-swallows-error",
    match="0 have finished",
    why="a worker puts the error into the result of its task, and nobody asked for the result",
)
def test_five_tasks_fail_without_a_word(mp_context: Any, capfd: pytest.CaptureFixture[str]) -> None:
    pool = mp_context.Pool(1)
    for number in range(1, 6):
        pool.apply_async(task, args=(number,))
    pool.close()
    pool.join()
    print("all tasks are done")

    printed = capfd.readouterr()
    started, finished = printed.out.count("starts"), printed.out.count("has finished")
    assert finished == 5, (
        f"the program says {printed.out.splitlines()[-1]!r}, {started} tasks have started, "
        f"{finished} have finished, and on stderr is {printed.err!r}"
    )


@pytest.mark.fix("apply-async-swallows-error")
def test_get_raises_what_the_task_raised(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        result = pool.apply_async(task, args=(1,))
        with pytest.raises(NameError, match="'time' is not defined"):
            result.get(timeout=30)


@pytest.mark.fix("apply-async-swallows-error")
def test_run_in_process_raises_it_with_the_traceback_of_the_child(run_in_process: Any) -> None:
    with pytest.raises(NameError, match="'time' is not defined") as error:
        run_in_process(task, 1)
    assert "in task\n    time.sleep(0.1)" in str(error.value.__cause__)


@pytest.mark.hazard(
    "pool-callback-skipped-on-error",
    match="of 3 tasks, 2 are known to have ended",
    why="callback is called with the results of tasks that succeed; one divided by 0 guests",
)
def test_a_callback_does_not_count_the_tasks_that_fail(mp_context: Any) -> None:
    ended: list[object] = []
    pool = mp_context.Pool(1)
    for guests in [4, 0, 2]:
        pool.apply_async(divmod, (12, guests), callback=ended.append)
    pool.close()
    pool.join()
    assert len(ended) == 3, f"of 3 tasks, {len(ended)} are known to have ended, with {ended}"


@pytest.mark.fix("pool-callback-skipped-on-error")
def test_an_error_callback_gets_the_error_of_each_task_that_fails(mp_context: Any) -> None:
    ended: list[object] = []
    pool = mp_context.Pool(1)
    for guests in [4, 0, 2]:
        pool.apply_async(divmod, (12, guests), callback=ended.append, error_callback=ended.append)
    pool.close()
    pool.join()
    assert ended[::2] == [(3, 0), (6, 0)]
    assert isinstance(ended[1], ZeroDivisionError)


# See also: test_03_pool_callback_raises.py, for an error in the callback itself.
