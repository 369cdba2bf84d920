"""Wrong input to the fixture `race`, and tests that it cannot judge: one clear message at once."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Run
from tests.plugin.test_races import COUNTER

IN_THE_CALL = {
    "no actor": (
        "race.threads()",
        ["E * ValueError: threads() was called without an actor, so there is nothing to run"],
    ),
    "not callable": (
        "race.threads(add, add(Counter()))",
        [
            "E * TypeError: an actor of threads() cannot be called: None",
            "E * was the function called, instead of given?",
        ],
    ),
    "coroutine": (
        "race.threads(later, later)",
        ["E * TypeError: later is an async function, and threads() runs plain ones"],
    ),
    "strategy": (
        "race.threads(add, add, setup=Counter, strategy='luck')",
        ["E * ValueError: there is no strategy 'luck'", "E * available: portfolio, random, *"],
    ),
    "depth": (
        "race.threads(add, add, setup=Counter, depth=0)",
        ["E * ValueError: depth=0 is too small: it is at least 1"],
    ),
    "budget": (
        "race.threads(add, add, setup=Counter, budget='soon')",
        ["E * ValueError: budget='soon' is not a time"],
    ),
    "crowd": (
        "race.processes(add, copies=100, setup=Counter)",
        [
            "E * ValueError: 100 actors are too many: race.processes() has room for 64, *",
            "E * next: give two or three: nearly every bug shows with two",
        ],
    ),
    "argument": (
        "race.threads(add, add, setup=Counter, luck=1)",
        ["E * TypeError: unexpected argument 'luck'; known: confidence, *"],
    ),
}


@pytest.mark.parametrize(("call", "lines"), IN_THE_CALL.values(), ids=list(IN_THE_CALL))
def test_in_the_call(pytester: pytest.Pytester, run: Run, call: str, lines: list[str]) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + f"""
async def later():
    pass

def test_it(race):
    {call}
"""
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       race.*(*", *lines])
    result.stdout.no_fnmatch_line("*/pytest_concurrency/race/*")


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--race-strategy=luck", "unknown strategy 'luck' from --race-strategy; available: *"),
        ("--race-budget=soon", "--race-budget='soon' is not a time"),
        ("--race-runs=0", "number of runs from --race-runs is not a number: '0'"),
        ("--race-seed=x", "seed from --race-seed is not a number: 'x'"),
    ],
)
def test_on_the_command_line(pytester: pytest.Pytester, run: Run, option: str, line: str) -> None:
    pytester.makepyfile(test_it="def test_it(race): raise AssertionError('not reached')")
    result = run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {line}"])


def test_a_setup_that_raises(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def connect():
    return {}["address"]

def test_it(race):
    race.threads(add, add, setup=connect)
"""
    )
    result = run()
    result.stdout.fnmatch_lines(
        ['>       return {}["address"]', "E       KeyError: 'address'", "test_it.py:13: KeyError"]
    )
    result.stdout.no_fnmatch_line("*RaceFound*")


def test_a_check_that_is_always_false(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def test_it(race):
    race.threads(add, add, setup=Counter, check=lambda counter: counter.value == 3)
"""
    )
    result = run()
    result.stdout.fnmatch_lines(
        [
            "fails without any interleaving: the check failed: it returned False",
            "no race: The actors ran one after the other here, and no other order that was tried*",
            "* writes Counter#1.value = 2 (was 1)*",
            "verdict: no race at all: it fails without any interleaving",
            "found: in all of * runs *",
        ]
    )


def test_actors_that_share_nothing(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def first(counters):
    add(counters[0])

def second(counters):
    add(counters[1])

def test_it(race):
    race.threads(first, second, setup=lambda: (Counter(), Counter()))
"""
    )
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*= races =*",
            "test_it.py::test_it",
            "  nothing conflicted: the actors shared no state in * so this pass proves nothing.",
        ]
    )


def test_an_actor_that_never_ends(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def count(counter):
    while True:
        counter.value += 1

def test_it(race):
    race.threads(count, add, setup=Counter, max_steps=500)
"""
    )
    result = run()
    result.stdout.fnmatch_lines(
        [
            "fails without any interleaving: an actor went on without an end",
            "endless loop: Actor 0 goes round and round on line 14 (`counter.value += 1`).",
            "* writes Counter#1.value = 1 (was 0)*",
            "... * more steps ...",
            "*reads Counter#1.value = * <-- and so on, without end",
        ]
    )


FLAKY = """
calls = []

def flaky(counter):
    calls.append(1)
    if len(calls) % 4 == 0:
        raise ValueError("every fourth time")
    add(counter)

def test_it(race):
    race.threads(flaky, flaky, setup=Counter)
"""
RANDOM = """
import random

def draw(counter):
    for _ in range(64):
        if random.random() < 0.5:
            counter.value += 1

def test_it(race):
    race.threads(draw, draw, setup=Counter, check=lambda counter: counter.value % 2 == 0, runs=50)
"""


@pytest.mark.parametrize(
    ("body", "evidence"),
    [
        pytest.param(
            FLAKY,
            "E * only one of them came to read value in add, line 6, by actor 0",
            id="left-over state",
        ),
        pytest.param(RANDOM, "E * and the second time *, line 1?, by actor ?", id="random"),
    ],
)
def test_what_is_not_deterministic_is_no_race(
    pytester: pytest.Pytester, run: Run, body: str, evidence: str
) -> None:
    pytester.makepyfile(test_it=COUNTER + body)
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *NotDeterministic: the actors are not deterministic apart from their schedule: *",
            evidence,
            "E * next: make everything afresh in `setup`, and seed what is random there",
        ]
    )
    result.stdout.no_fnmatch_line("*RaceFound*")


def test_what_is_not_deterministic_and_passes(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER + RANDOM.replace("% 2 == 0", ">= 0").replace("runs=50", "runs=5")
    )
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*= races =*", "test_it.py::test_it", "  the actors are not deterministic *"]
    )


TASKS_IN_THE_CALL = {
    "plain": (
        "race.tasks(later, add, setup=Counter)",
        ["E * TypeError: add is a plain function, and tasks() runs async ones"],
    ),
    "called": (
        "race.tasks(later, later())",
        ["E * TypeError: an actor of tasks() is a coroutine that was called already: later(...)"],
    ),
    "lambda": (
        "race.tasks(lambda: 7)",
        ["E * TypeError: an actor of tasks() returned 7, which cannot be awaited"],
    ),
    "stress": (
        "race.tasks(later, strategy='stress')",
        ["E * ValueError: stress is a strategy for threads only: they run in parallel there"],
    ),
    "reset": (
        "race.tasks(later, reset=print)",
        ["E * ValueError: reset= puts a state back, but there is no setup= that makes one"],
    ),
}


@pytest.mark.parametrize(("call", "lines"), TASKS_IN_THE_CALL.values(), ids=list(TASKS_IN_THE_CALL))
def test_in_the_call_of_tasks(
    pytester: pytest.Pytester, run: Run, call: str, lines: list[str]
) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + f"""
async def later():
    pass

def test_it(race):
    {call}
"""
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       race.tasks(*", *lines])
    result.stdout.no_fnmatch_line("*/pytest_concurrency/race/*")


def test_within_a_running_loop(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it="""
import asyncio

async def later():
    pass

async def within(race):
    race.tasks(later)

def test_it(race):
    asyncio.run(within(race))
"""
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E * RuntimeError: race.tasks() runs an event loop of its own, and one is running *"]
    )


@pytest.mark.parametrize("marker", ["asyncio", "anyio"])
def test_an_async_test_of_another_plugin(pytester: pytest.Pytester, run: Run, marker: str) -> None:
    pytester.makepyfile(
        test_it=f"""
import pytest

@pytest.mark.{marker}
async def test_it(race):
    race.tasks(test_it)
"""
    )
    pytester.makeini(f"[pytest]\nmarkers =\n    {marker}: of another plugin")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"the test is marked `{marker}`, so it runs in an event loop, *",
            "next: write `def test_it(race)` without `async` and without the marker, *",
        ]
    )
