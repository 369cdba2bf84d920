"""An async function is called, nothing fails, and nothing happens.

Calling an `async def` function runs none of it. The call makes a coroutine, and that runs when it
is awaited or made a task. Without either it is thrown away, and Python warns "coroutine ... was
never awaited" when it is: at a place that has nothing to do with the call, on stderr, and only if
warnings are shown.

`race.tasks` says which call it was. Under pytest the warning counts with `-W error`, as
PytestUnraisableExceptionWarning, mostly in the test that made it. A type checker or linter finds it
without running anything.

    pytest -p pytest_concurrency examples/c09_asyncio/test_05_never_awaited.py --hazards=fail
"""

from __future__ import annotations

import asyncio

import pytest

from pytest_concurrency import Race, RaceFound


class Draft:
    def __init__(self) -> None:
        self.saved = False

    async def save(self) -> None:
        await asyncio.sleep(0)
        self.saved = True

    async def close(self) -> None:
        self.save()  # type: ignore[unused-coroutine]  # the mistake

    async def close_when_saved(self) -> None:
        await self.save()

    async def close_and_save_meanwhile(self) -> None:
        saving = asyncio.create_task(self.save())
        await asyncio.sleep(0)  # something else to do
        await saving


def was_saved(draft: Draft) -> None:
    assert draft.saved, "the draft is closed, and was not saved"


@pytest.mark.hazard(
    "coroutine-never-awaited",
    raises=RaceFound,
    match="never awaited",
    why="calling save() only makes a coroutine; without an await nobody runs it",
)
def test_a_call_without_await_saves_nothing(race: Race) -> None:
    race.tasks(Draft.close, setup=Draft, check=was_saved)


@pytest.mark.fix("coroutine-never-awaited")
def test_awaited_it_is_saved_before_one_goes_on(race: Race) -> None:
    race.tasks(Draft.close_when_saved, setup=Draft, check=was_saved)


@pytest.mark.fix("coroutine-never-awaited")
def test_as_a_task_it_is_saved_meanwhile(race: Race) -> None:
    race.tasks(Draft.close_and_save_meanwhile, setup=Draft, check=was_saved)


# See also: test_04_gather_error.py, for tasks that run although they should not.
