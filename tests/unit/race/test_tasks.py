"""Races between tasks: every primitive of asyncio, broken and fixed, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_concurrency.errors import RaceFound
from pytest_concurrency.race.as_tasks import AsTasks
from pytest_concurrency.race.detector import Race, RaceResult
from pytest_concurrency.race.goal import Goal
from pytest_concurrency.race.outcomes import Outcomes
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.search import Plan, Search
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.named import strategy_named
from pytest_concurrency.race.strategies.replay import Replay
from pytest_concurrency.race.tasks.driver import TaskScheduler
from tests.unit.race.tasks_sample import (
    BROKEN,
    FIXED,
    Program,
    State,
    forget_a_task,
    gather_updates,
    is_two,
    update,
    update_locked,
)


def searched(program: Program, **asked: Any) -> RaceResult:
    race = Race(seed=1, raise_on_finding=False, max_steps=500, **asked)
    return race.tasks(*program.actors, setup=State, check=program.check)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No thread, no file, no running loop, no patched name, no warning, whatever happened."""
    before = _resources()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(each.message) for each in caught] == []
    assert _resources() == before


def _resources() -> tuple[object, ...]:
    return (
        threading.active_count(),
        len(os.listdir("/proc/self/task")),
        len(os.listdir("/proc/self/fd")),
        asyncio._get_running_loop(),
        sys.get_asyncgen_hooks(),
        sys.get_coroutine_origin_tracking_depth(),
        asyncio.Lock.acquire,
        warnings._warn_unawaited_coroutine,  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_program_is_found_and_named(name: str) -> None:
    result = searched(BROKEN[name])
    assert result.finding is not None, result
    assert result.finding.name == BROKEN[name].finding, result


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_program_passes(name: str) -> None:
    result = searched(FIXED[name], runs=150)
    assert result.finding is None, result
    assert not result.notes


@pytest.mark.parametrize("name", BROKEN)
def test_a_token_replays(name: str) -> None:
    program = BROKEN[name]
    found = searched(program)
    race = Race(raise_on_finding=False, max_steps=500).replay(found.token)
    again = race.tasks(*program.actors, setup=State, check=program.check)
    assert again.finding is not None
    assert (again.finding.name, again.token) == (program.finding, found.token)
    assert "the code has changed" not in str(again)


TOKENS = {
    "sleep": "",
}


def test_the_story_of_a_lost_update() -> None:
    assert str(searched(BROKEN["sleep"]).finding and searched(BROKEN["sleep"]).story)


def test_the_same_seed_gives_the_same_schedules() -> None:
    def tokens() -> list[str]:
        found = []
        with AsTasks().driver(Scope(), 500) as driver:
            runner = Runner(Case((gather_updates, update), State), driver)
            runner.run(InOrder())
            runner.look()
            portfolio = strategy_named("portfolio", 7, None)
            for number in range(100):
                runner.run(portfolio, number)
                found.append(runner.schedule().token)
        return found

    first = tokens()
    assert first == tokens()
    assert len(set(first)) > 20


def test_every_schedule_is_carried_out_again_by_its_token() -> None:
    with AsTasks().driver(Scope(), 500) as driver:
        for actors in ((gather_updates, update), BROKEN["to_thread"].actors, (update,) * 4):
            runner = Runner(Case(actors, State), driver)
            runner.run(InOrder())
            runner.run(InOrder())
            runner.look()
            portfolio = strategy_named("portfolio", 3, None)
            for number in range(60):
                runner.run(portfolio, number)
                schedule, signature = runner.schedule(), runner.signature()
                replay = Replay(Schedule.of(schedule.token))
                runner.run(replay)
                replay.finish()
                assert (runner.signature(), replay.misfits) == (signature, [])


def test_all_orders_of_two_tasks_are_enumerated() -> None:
    plan = Plan(Goal(), 1, AsTasks(), "exhaustive")

    async def note(state: State) -> None:
        state.log.append("a")
        await asyncio.sleep(0)
        state.log.append("b")

    async def also_note(state: State) -> None:
        state.log.append("A")
        await asyncio.sleep(0)
        state.log.append("B")

    seen: set[str] = set()

    def observe(state: State) -> str:
        seen.add("".join(map(str, state.log)))
        return ""

    search = Search(Case((note, also_note), State, observe=observe), Scope(), plan, Outcomes())
    search.run()
    assert seen == {"abAB", "aAbB", "aABb", "AabB", "AaBb", "ABab"}
    assert search.evidence.complete


def test_actors_that_share_nothing_prove_nothing() -> None:
    async def idle() -> None:
        await asyncio.sleep(0)

    result = Race(seed=1).tasks(idle, idle)
    assert not result.evidence.conflicts


def test_a_global_lock_fits_every_run() -> None:
    lock = asyncio.Lock()

    async def locked(state: State) -> None:
        async with lock:
            await update(state)

    assert Race(seed=1).tasks(locked, locked, setup=State, check=is_two, runs=50).finding is None


def test_an_async_program() -> None:
    async def program() -> None:
        state = State()
        await gather_updates(state)
        assert state.value == 2

    async def fixed() -> None:
        state = State()
        await asyncio.gather(update_locked(state), update_locked(state))
        assert state.value == 2

    with pytest.raises(RaceFound, match="lost update across an await"):
        Race(seed=1).program(program)
    assert Race(seed=1).program(fixed).finding is None


def test_a_deadlock_tells_who_waits_for_what_and_who_holds_it() -> None:
    story = " ".join(searched(BROKEN["locks"]).story.split())
    assert "Actor 0 waits for State#1.other on line" in story
    assert "which actor 1 has held since line" in story
    assert "Each waits for the other, for ever." in story


def test_a_forgotten_task_is_cancelled_when_the_given_ones_end() -> None:
    with TaskScheduler(Scope()) as driver:
        runner = Runner(Case((forget_a_task,), State, lambda state: state.value == 1), driver)
        kinds = {
            getattr(runner.run(strategy_named("random", 1, None), n), "kind", "") for n in range(30)
        }
    assert kinds == {"", "check"}
