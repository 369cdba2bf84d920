"""The fixture `race`: what a reader sees of a finding, how it is replayed and remembered."""

from __future__ import annotations

import json
import re
import shlex
import sys
from typing import Any

import pytest

from tests.plugin.conftest import Run

COUNTER = """
class Counter:
    def __init__(self):
        self.value = 0

def add(counter):
    value = counter.value
    counter.value = value + 1

def is_two(counter):
    return counter.value == 2
"""
LOST_UPDATE = (
    COUNTER
    + """
def test_counter(race):
    race.threads(add, add, setup=Counter, check=is_two)
"""
)
WITH_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
PLUGIN = ("-p", "pytest_concurrency")


def test_a_finding_tells_what_broke_how_and_what_to_run_next(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    result = run()
    result.assert_outcomes(failed=1)
    reachable = "only without the GIL: " if WITH_GIL else "reachable today: "
    result.stdout.fnmatch_lines(
        [
            ">       race.threads(add, add, setup=Counter, check=is_two)",
            "the check failed: it returned False",
            "lost update: Actor 0 read Counter#1.value = 0 on line 6. *",
            "actor 0: add * | actor 1: add*",
            "6  value = counter.value * |",
            "   reads Counter#1.value = 0 * |",
            "~~~ preempted by actor 1 ~~~ * |",
            "* | 6  value = counter.value",
            "* | 7  counter.value = value + 1",
            "* |    writes Counter#1.value = 1 (was 0)",
            "7  counter.value = value + 1 * |",
            "   writes Counter#1.value = 1 (was 1) * |",
            f"verdict: {reachable}*",
            "found: by run * (seed *), made short in * more: 1 preemption",
            "replay: python -m pytest test_it.py::test_counter --race-replay=r1.*",
            "FAILED test_it.py::test_counter - RaceFound: the check failed: it returned False",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_concurrency/*.py*")


def test_a_pass_says_nothing(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def test_counter(race):
    race.threads(add, setup=Counter, check=lambda counter: counter.value == 1)
    race.threads(add, add, setup=Counter)
"""
    )
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*nothing conflicted*")


def test_the_printed_command_replays_the_finding(pytester: pytest.Pytester) -> None:
    pytester.makeini(f"[pytest]\naddopts = {' '.join(PLUGIN)} -p no:cacheprovider")
    pytester.makepyfile(test_it=LOST_UPDATE)
    first = pytester.runpytest_inprocess()
    command = re.search(r"^replay: python (.*)$", first.stdout.str(), re.MULTILINE)
    assert command is not None
    second = pytester.run(sys.executable, *shlex.split(command[1]), timeout=60)
    second.assert_outcomes(failed=1)
    assert "found: replayed from its token" in second.stdout.str()
    assert told(second) == told(first)
    assert tokens(second) == tokens(first)


def test_the_second_race_of_a_test(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def test_counter(race):
    race.threads(add, add, setup=Counter)
    race.threads(add, add, setup=Counter, check=is_two)
"""
    )
    found = run()
    found.assert_outcomes(failed=1)
    (token,) = tokens(found)
    assert token.startswith("2:r1.")
    replayed = run(f"--race-replay={token}")
    assert "found: replayed from its token" in replayed.stdout.str()
    assert tokens(replayed) == [token]
    # There is no third one.
    ignored = run(f"--race-replay=3:{token[2:]}")
    ignored.stdout.fnmatch_lines(
        ["*= races =*", "test_it.py::test_counter", "*nothing was replayed*race 3*"]
    )


def test_a_replay_that_passes_is_a_pass(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    (token,) = tokens(run())
    pytester.makepyfile(test_it=LOST_UPDATE.replace("== 2", "> 0"))
    result = run(f"--race-replay={token}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= races =*", "  the replayed schedule passes now"])


@pytest.mark.parametrize("damage", ["", "2:"])
def test_a_damaged_token(pytester: pytest.Pytester, run: Run, damage: str) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    (token,) = tokens(run())
    damaged = token[:9] + ("A" if token[9] != "A" else "B") + token[10:]
    result = run(f"--race-replay={damage}{damaged}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --race-replay: this token is damaged: its checksum does not fit",
            f"  '{damaged}'",
            "*next: copy the token again*",
        ]
    )
    assert "Traceback" not in result.stderr.str()


def test_no_token_at_all(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    result = run("--race-replay=hello")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --race-replay: this is not the token of a schedule", "  'hello'"]
    )


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            LOST_UPDATE.replace("    value = counter.value\n", "").replace("= value + 1", "= 2"),
            id="code changed",
        ),
        pytest.param(
            """
def put(items):
    items.append(1)

def test_counter(race):
    race.threads(put, put, setup=list, check=lambda items: len(items) == 2)
""",
            id="another test",
        ),
    ],
)
def test_a_token_that_does_not_fit(pytester: pytest.Pytester, run: Run, changed: str) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    (token,) = tokens(run())
    pytester.makepyfile(test_it=changed)
    result = run(f"--race-replay={token}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * this token does not fit the code, and nothing failed",
            "E * actor 0 did not come to write in add+2",
            "E * has the code changed since, or is it the token of another test?",
            "E * next: search again: run the test without the token",
        ]
    )
    result.stdout.no_fnmatch_line("*/pytest_concurrency/race/*")


def test_findings_are_tried_first_and_forgotten_when_they_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    # By default, a schedule that shows it comes as early as the known one.
    arguments = (*PLUGIN, "--race-strategy=random")
    first = pytester.runpytest_inprocess(*arguments)
    assert findings(pytester) == {"test_it.py::test_counter": tokens(first)}
    second = pytester.runpytest_inprocess(*arguments)
    # The known schedule comes after one run in order, and a drawn one after three.
    assert (found_by(first) > 3, found_by(second)) == (True, 2)
    assert tokens(second) == tokens(first)
    pytester.makepyfile(test_it=LOST_UPDATE.replace("== 2", "> 0"))
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)
    assert findings(pytester) == {}


def test_a_finding_is_that_of_one_parameter(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
import pytest

@pytest.mark.parametrize("least", [1, 2])
def test_counter(race, least):
    race.threads(add, add, setup=Counter, check=lambda counter: counter.value >= least)
"""
    )
    result = pytester.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    (token,) = tokens(result)
    assert findings(pytester) == {"test_it.py::test_counter[2]": [token]}
    result.stdout.fnmatch_lines(
        [f"replay: python -m pytest 'test_it.py::test_counter[[]2]' --race-replay={token}"]
    )


def test_the_same_seed_finds_the_same(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_it=LOST_UPDATE)
    arguments = ("--race-strategy=random", "--race-seed=7")
    first, second = run(*arguments), run(*arguments)
    first.stdout.fnmatch_lines(
        ["concurrency: race_strategy=random (--race-strategy), race_seed=7 (--race-seed)"]
    )
    first.stdout.fnmatch_lines(["found: by run * (seed 7), *"])
    assert (found_by(first), told(first), tokens(first)) == (
        found_by(second),
        told(second),
        tokens(second),
    )


def test_a_race_of_a_whole_program(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
import threading

def program():
    counter = Counter()
    threads = [threading.Thread(target=add, args=(counter,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2

def test_program(race):
    race.program(program)
"""
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["actor 0 (program) raised AssertionError*", "lost update: *", "replay: *r1.*"]
    )


def tokens(result: pytest.RunResult) -> list[str]:
    return re.findall(r"^replay: .*--race-replay=(\S+)$", result.stdout.str(), re.MULTILINE)


def told(result: pytest.RunResult) -> str:
    """The part of the output that tells the story."""
    story = re.search(r"^lost update:.*^verdict: [^\n]*", result.stdout.str(), re.DOTALL | re.M)
    assert story is not None
    return story[0]


def found_by(result: pytest.RunResult) -> int:
    number = re.search(r"^found: by run (\d+)", result.stdout.str(), re.MULTILINE)
    assert number is not None
    return int(number[1])


def findings(pytester: pytest.Pytester) -> Any:
    return json.loads((pytester.path / ".pytest_cache/d/pytest_concurrency/races.json").read_text())
