"""Races between tasks: every primitive of asyncio, broken and fixed, and what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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


STORY = """\
lost update across an await: Actor 0 read State#1.value = 0 on line 42. Before it wrote there
itself, actor 1 wrote 1 on line 44. Actor 0 never saw that and wrote 1 over it on line 44: the
update of actor 1 is lost.

tasks_sample.py
actor 0: update                                  | actor 1: update
-------------------------------------------------+-------------------------------------------------
42  value = state.value                          |
    reads State#1.value = 0                      |
    <-- will soon be out of date                 |
43  await asyncio.sleep(0)                       |
    awaits  <-- others can go on here            |
~~~ actor 1 goes on ~~~                          |
                                                 | 42  value = state.value
                                                 |     reads State#1.value = 0
                                                 | 43  await asyncio.sleep(0)
                                                 |     awaits
                                                 | 44  state.value = value + 1
                                                 |     writes State#1.value = 1 (was 0)
                                                 |     <-- actor 0 never sees this
44  state.value = value + 1                      |
    writes State#1.value = 1 (was 1)             |
    <-- overwrites the 1 that actor 1 wrote on   |
        line 44                                  |"""


def test_the_story_of_a_lost_update() -> None:
    lines = searched(BROKEN["sleep"]).story.splitlines()
    shown = ["tasks_sample.py" if line.endswith("tasks_sample.py") else line for line in lines]
    assert "\n".join(shown) == STORY


# Made by CPython 3.13; every Python makes the same.
DIGESTS = {
    "gather": "59129cf8861666f1",
    "condition": "0545b4839f979495",
    "queue": "9f03d45387e46403",
    "to_thread": "b26ce2b5308c0f46",
    "shield": "838744b78ef10d77",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_every_python_makes_the_same_schedules(name: str) -> None:
    digest = hashlib.sha256()
    with AsTasks().driver(Scope(), 500) as driver:
        runner = Runner(Case((*FIXED[name].actors, update), State), driver)
        driver.find_accesses(True)
        for _ in range(3):
            runner.run(InOrder())
            runner.look()
        driver.find_accesses(False)
        portfolio = strategy_named("portfolio", 5, None)
        for number in range(100):
            runner.run(portfolio, number)
            digest.update(runner.schedule().token.encode())
    assert digest.hexdigest()[:16] == DIGESTS[name]


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

    search = Search(Case((note, also_note), State, observe=observe), plan, Outcomes())
    with AsTasks().driver(Scope(), 500) as driver:
        search.run(driver)
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


def test_an_exception_left_in_a_future_is_told_with_its_run_and_not_logged_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = searched(BROKEN["future"])
    assert result.finding is not None
    assert result.finding.what.endswith("never retrieved): KeyError: 'in a future'")
    assert "Future exception was never retrieved: KeyError: 'in a future'" in " ".join(
        result.story.split()
    )
    gc.collect()
    assert caplog.text == ""


def test_a_future_that_no_loop_has_made_is_logged_once_when_it_goes_after_its_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def leaves(state: State) -> None:
        future: asyncio.Future[int] = asyncio.Future()
        state.log.append(future)
        future.set_exception(KeyError("of nobody"))

    assert Race(seed=1).tasks(leaves, leaves, setup=State, runs=5).finding is None
    gc.collect()
    logged = [each for each in caplog.records if each.name == "asyncio"]
    assert ["never retrieved" in each.message for each in logged] == [True]


async def one() -> int:
    await asyncio.sleep(0)
    return 1


async def update_in_one_statement(state: State) -> None:
    state.value += await one()


def test_an_update_with_an_await_in_the_middle_of_a_statement_is_named() -> None:
    said = "lost update across an await: Actor 0 read State#1.value = 0"
    with pytest.raises(RaceFound, match=said):
        Race(seed=1).tasks(
            update_in_one_statement, update_in_one_statement, setup=State, check=is_two
        )


def test_an_interrupt_ends_the_race_and_leaves_nothing() -> None:
    async def interrupted(state: State) -> None:
        try:
            while True:
                state.value += 1
                if state.value == 300:
                    os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(1)

    # A shell starts what runs in the background with SIGINT ignored, and Python leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Race(seed=1, max_steps=10_000_000).tasks(interrupted, interrupted, setup=State)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_blocked_loop_is_given_up_and_its_thread_ends_later() -> None:
    ours, theirs = socket.socketpair()

    async def blocked(state: State) -> None:
        await asyncio.sleep(0)
        ours.recv(1)

    with ours, theirs:
        with AsTasks().driver(Scope(), 500) as driver:
            assert isinstance(driver, TaskScheduler)
            driver._patience = 0.5
            runner = Runner(Case((blocked, update), State), driver)
            failure = runner.run(InOrder())
            assert failure is not None
            assert failure.kind == "stuck"
            assert "ours.recv(1)" in failure.actor
            left = driver._loop_actor.worker
            # The next run has another loop, in another thread.
            assert Runner(Case((update,), State), driver).run(InOrder()) is None
            theirs.send(b"x")
        while os.path.exists(f"/proc/self/task/{left.native_id}"):
            assert left.abandoned


def test_what_is_not_modelled_is_said_even_if_the_code_catches_it() -> None:
    async def connects(state: State) -> None:
        with contextlib.suppress(Exception):
            await asyncio.open_connection("localhost", 1)

    with pytest.raises(NotImplementedError, match="cannot follow loop"):
        Race(seed=1).tasks(connects, setup=State)


def test_an_old_token_is_still_read() -> None:
    schedule = Schedule.of("r1.ei1VvAADATAJaW5jcmVtZW50ATEAAgECAQIAAAA")
    assert schedule.segments[0].until is not None
    assert schedule.segments[0].until.kind == "write"


def test_a_pool_that_is_older_than_the_run_is_refused() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        async def uses(state: State) -> None:
            await asyncio.get_running_loop().run_in_executor(pool, int)

        with pytest.raises(NotImplementedError, match="a pool that was made before the run"):
            Race(seed=1).tasks(uses, setup=State)


def test_a_pool_of_the_run_is_followed() -> None:
    async def uses(state: State) -> None:
        with ThreadPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, state.log.append, 1)

    assert Race(seed=1).tasks(uses, setup=State, check=lambda s: s.log, runs=30).finding is None
