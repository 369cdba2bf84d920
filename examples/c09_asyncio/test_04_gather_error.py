"""One of several coroutines fails, the program reports the error, and the others go on unseen.

`gather` raises the first error at once, and stops there: it neither cancels the other tasks nor
waits for them. They go on behind the back of whoever has just reported failure: they send the
parcel whose payment was refused. When they fail as well, nobody reads it; when the program ends,
they are cut off.

A TaskGroup (Python 3.11 and later) cancels the others, waits until they have ended, and raises all
errors as a group. With `return_exceptions=True` gather waits for all, and returns errors among the
results, where one must look for them.

    pytest -p pytest_concurrency examples/c09_asyncio/test_04_gather_error.py --hazards=fail
"""

from __future__ import annotations

import asyncio
import sys

import pytest


class Order:
    def __init__(self) -> None:
        self.packed = asyncio.Event()
        self.sent = False

    async def pay(self) -> None:
        raise ValueError("card refused")

    async def send(self) -> None:
        await self.packed.wait()
        self.sent = True


@pytest.mark.hazard(
    "gather-error-leaves-siblings",
    match="was sent",
    why="gather raises the first error and leaves the other tasks running",
)
def test_the_parcel_is_sent_after_the_payment_has_failed() -> None:
    async def shop() -> bool:
        order = Order()
        sending = asyncio.create_task(order.send())
        with pytest.raises(ValueError, match="card refused"):
            await asyncio.gather(order.pay(), sending)
        order.packed.set()
        await asyncio.wait([sending], timeout=30)
        return order.sent

    sent = asyncio.run(shop())
    assert not sent, "gather raised 'card refused', and afterwards the parcel was sent"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup is new in Python 3.11")
@pytest.mark.fix("gather-error-leaves-siblings")
def test_a_task_group_cancels_the_others() -> None:
    async def shop() -> bool:
        order = Order()
        with pytest.RaisesGroup(ValueError):
            async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined]
                sending = group.create_task(order.send())
                group.create_task(order.pay())
        order.packed.set()
        await asyncio.wait([sending], timeout=30)
        return order.sent

    assert not asyncio.run(shop())


@pytest.mark.fix("gather-error-leaves-siblings")
def test_return_exceptions_waits_for_all_and_tells_who_failed() -> None:
    async def shop() -> list[str]:
        order = Order()
        order.packed.set()
        results = await asyncio.gather(order.pay(), order.send(), return_exceptions=True)
        assert order.sent  # nothing is left to happen later
        return [str(result) for result in results if isinstance(result, BaseException)]

    assert asyncio.run(shop()) == ["card refused"]


# See also: test_05_never_awaited.py, for tasks that do not even begin.
