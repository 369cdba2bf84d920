"""A task is told to run for three seconds, and is done long before.

One tutorial starts a worker that says it "will run {duration} seconds", and then adds
`duration * 1000000` times. How long a million additions take is a matter of the machine and of the
Python: here some 0.05 seconds, and not the same with the next version. A test that relies on such a
worker to be still at work passes on one machine and fails on the next.

Who wants a certain time has to look at the clock. The tests below bring a clock of their own, which
goes on by a thousandth of a second whenever somebody looks at it: nothing depends on the machine.

    pytest -p pytest_concurrency examples/c11_costs/test_08_counting_is_not_time.py --hazards=fail

In seconds: `python benchmarks/lesson_durations.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest


class Clock:
    """A clock that goes on by 1 ms each time it is looked at."""

    def __init__(self) -> None:
        self.milliseconds = 0

    def __call__(self) -> float:
        self.milliseconds += 1
        return self.milliseconds / 1000


def work_by_counting(duration: float, clock: Callable[[], float]) -> float:
    start = clock()
    result = 0
    for _ in range(int(duration * 1_000_000)):
        result += 1  # noqa: SIM113 - as the tutorial has it
    return clock() - start


def work_by_the_clock(duration: float, clock: Callable[[], float]) -> float:
    start = clock()
    result = 0
    while clock() - start < duration:
        result += 1
    return clock() - start


@pytest.mark.hazard(
    "fake-duration",
    match="it looked at the clock 2 times",
    why="it counts additions, and nobody knows how long those take",
)
def test_a_task_that_counts_does_not_know_the_time() -> None:
    clock = Clock()
    took = work_by_counting(0.05, clock)
    assert took >= 0.05, (
        f"told to run for 50 ms, the task says that it took {1000 * took:.0f} ms: "
        f"it looked at the clock {clock.milliseconds} times, before and after"
    )


@pytest.mark.fix("fake-duration")
def test_a_task_that_looks_at_the_clock_runs_as_long_as_told() -> None:
    assert work_by_the_clock(0.05, Clock()) >= 0.05


# See also: test_07_waiting_in_a_row.py, for tasks that only wait.
