"""Three coroutines that wait take as long as the longest wait, and not as long as all of them.

`asyncio.gather` starts each of them as a task. A task runs until it has to wait at an `await`, and
then the next one runs: so all have begun before any has ended. They end in the order in which their
waits do, and the list of results is in the order of the arguments all the same. No thread is needed
for that, since waiting is no work.

It is `gather` that does it, not `async`: one `await` after the other starts the second coroutine
when the first has ended.

Here the waits are for letters, which come in reverse order, and no clock is involved.

    pytest -p pytest_concurrency examples/c09_asyncio/test_01_gather.py
"""

from __future__ import annotations

import asyncio

import pytest


class Office:
    def __init__(self) -> None:
        self.diary: list[str] = []
        self.letters = {name: asyncio.Event() for name in "ABC"}

    async def clerk(self, name: str) -> str:
        self.diary.append(f"{name} waits")
        await self.letters[name].wait()
        self.diary.append(f"{name} is done")
        return f"reply of {name}"

    async def postman(self) -> None:
        for name in "CBA":
            self.letters[name].set()
            await asyncio.sleep(0)  # lets the one run whose letter has come


@pytest.mark.fact("gather-runs-concurrently")
def test_all_have_begun_before_one_has_ended() -> None:
    async def a_day() -> None:
        office = Office()
        clerks = [office.clerk(name) for name in "ABC"]
        *replies, _ = await asyncio.wait_for(asyncio.gather(*clerks, office.postman()), 30)
        assert office.diary[:3] == ["A waits", "B waits", "C waits"]
        assert office.diary[3:] == ["C is done", "B is done", "A is done"]
        assert replies == ["reply of A", "reply of B", "reply of C"]

    asyncio.run(a_day())


# See also: test_02_blocking_call.py, for waits during which nobody else can run.
