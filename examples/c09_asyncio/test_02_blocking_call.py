"""One coroutine calls something that blocks, and all others stop as well.

All tasks of an event loop run in one thread, and take turns at their `await`s. `time.sleep`, a
request with a library that knows nothing of asyncio, a long computation: in none of them is there
an `await`, so until they return nobody else has a turn. No answer is sent, no timeout fires, and a
heart stands still. "A coroutine pauses when it waits for input or output" is true at an `await` and
nowhere else.

For waiting there is `await asyncio.sleep`; what cannot be awaited goes to a thread with
`asyncio.to_thread`. And who does not know where it blocks switches on the debug mode of the loop,
which names each task that has kept it busy for longer than `slow_callback_duration`.

    pytest -p pytest_concurrency examples/c09_asyncio/test_02_blocking_call.py --hazards=fail
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest


async def beats_during(work: Callable[[], Awaitable[object]]) -> int:
    """How often the heart beats while the work is being done."""
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(heart())
    while not beats:
        await asyncio.sleep(0)
    before = beats
    await work()
    during = beats - before
    task.cancel()
    await asyncio.wait([task])
    return during


async def wait_blocking() -> None:
    time.sleep(0.05)


async def wait_with_await() -> None:
    await asyncio.sleep(0.05)


async def wait_in_a_thread() -> None:
    await asyncio.to_thread(time.sleep, 0.05)


@pytest.mark.hazard(
    "blocking-call-stalls-loop",
    match="the heart beat 0 times",
    why="time.sleep has no await, so the only thread of the loop sleeps, with all its tasks",
)
def test_while_one_coroutine_blocks_no_other_one_moves() -> None:
    beats = asyncio.run(beats_during(wait_blocking))
    assert beats > 0, f"one task slept for 50 ms, and meanwhile the heart beat {beats} times"


@pytest.mark.fix("blocking-call-stalls-loop")
def test_an_awaited_sleep_lets_the_others_run() -> None:
    assert asyncio.run(beats_during(wait_with_await)) > 0


@pytest.mark.fix("blocking-call-stalls-loop")
def test_to_thread_blocks_a_thread_and_not_the_loop() -> None:
    assert asyncio.run(beats_during(wait_in_a_thread)) > 0


@pytest.mark.fix("blocking-call-stalls-loop")
def test_debug_mode_names_the_task_that_blocks(caplog: pytest.LogCaptureFixture) -> None:
    async def a_slow_task() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.02
        await asyncio.create_task(wait_blocking(), name="the slow one")

    asyncio.run(a_slow_task(), debug=True)
    assert any("the slow one" in line and " took " in line for line in caplog.messages), (
        caplog.messages
    )


# See also: test_01_gather.py, for waits that go on side by side.
