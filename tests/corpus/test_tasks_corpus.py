"""The kernels for tasks are what the index says, by asyncio itself and by all orders of steps."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.corpus.kernels import TASKS, TaskProgram
from tests.corpus.shared import TaskShape
from tests.corpus.task_orders import explore

FAIL, PASS = (
    [program for program in TASKS.values() if program.kind == kind] for kind in ("fail", "pass")
)

# The orders that fail, each counted once however it could have gone on, and those that pass.
ORDERS = {
    "account": (12, 24),
    "bluetooth_driver": (1, 7),
    "deadlock01": (4, 2),
    "lazy01": (12, 12),
    "reorder_5": (4, 666),
    "stringbuffer-jdk1.4": (1, 4),
    "token_ring": (195, 145),
    "twostage": (1, 3),
    "wronglock": (137, 85),
}

# Eight tasks have too many orders: all are seen of its family's member with four, and of itself
# those that leave asyncio's own order in few places.
LARGE = "wronglock"
DEPARTURES = 4

SECONDS = 30
"""No program takes a thousandth of it."""


def shape_of(program: TaskProgram) -> TaskShape[Any]:
    """Returns what is seen whole for a program."""
    if program.name == LARGE:
        program = replace(program, parameters={"others": 3})
    return program.load()


def name_of(program: TaskProgram) -> str:
    return program.name


@pytest.mark.parametrize("program", TASKS.values(), ids=lambda program: program.id)
def test_passes_when_the_actors_come_one_after_another(program: TaskProgram) -> None:
    setup, actors, check = program.load()

    async def in_order() -> Any:
        state = setup()
        for actor in actors:
            await asyncio.wait_for(actor(state), SECONDS)
        return state

    assert check(asyncio.run(in_order()))


@pytest.mark.parametrize("program", FAIL, ids=name_of)
def test_some_order_fails_and_some_order_passes(program: TaskProgram) -> None:
    findings = Counter(run.finding for run in explore(shape_of(program)))
    assert set(findings) == {program.finding, None}
    assert (findings[program.finding], findings[None]) == ORDERS[program.name]


@pytest.mark.parametrize("program", PASS, ids=name_of)
def test_no_order_of_the_twin_fails(program: TaskProgram) -> None:
    for run in explore(shape_of(program)):
        assert run.finding is None, (run.error, run.order)


def test_the_large_one_fails_near_the_order_of_asyncio_and_its_twin_does_not() -> None:
    findings = {
        kind: {run.finding for run in explore(TASKS[f"{kind}/{LARGE}"].load(), DEPARTURES)}
        for kind in ("fail", "pass")
    }
    assert findings == {"fail": {"exception", None}, "pass": {None}}


async def rest_once(steps: list[str]) -> None:
    steps.append("a1")
    await asyncio.sleep(0)
    steps.append("a2")


async def rest_too(steps: list[str]) -> None:
    steps.append("b1")
    await asyncio.sleep(0)
    steps.append("b2")


def test_sees_every_order_once() -> None:
    seen: list[str] = []

    def note(steps: list[str]) -> bool:
        seen.append(" ".join(steps))
        return True

    runs = list(explore((list, (rest_once, rest_too), note)))
    assert sorted(seen) == [
        "a1 a2 b1 b2", "a1 b1 a2 b2", "a1 b1 b2 a2", "b1 a1 a2 b2", "b1 a1 b2 a2", "b1 b2 a1 a2",
    ]  # fmt: skip
    assert runs[0].order == [0, 1, 0, 1]


def test_sees_equal_actors_begin_in_one_order_only() -> None:
    orders = [run.order for run in explore((list, (rest_once, rest_once), lambda _: True))]
    assert sorted(orders) == [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]]


def test_names_a_check_that_fails_and_an_error_of_an_actor() -> None:
    async def fail(_: object) -> None:
        raise LookupError("wrong")

    (failed,) = explore((list, (fail,), lambda _: True))
    assert (failed.finding, str(failed.error)) == ("exception", "wrong")
    (wrong,) = explore((list, (rest_once,), lambda _: False))
    assert wrong.finding == "check"
