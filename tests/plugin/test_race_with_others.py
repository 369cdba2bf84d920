"""The fixture `race` beside the rest of pytest, its plugins, and coverage."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import coverage
import pytest

from tests.plugin.conftest import Run
from tests.plugin.test_races import COUNTER, PLUGIN, found_by, tokens, told

TWO = (
    COUNTER
    + """
def test_broken(race):
    race.threads(add, add, setup=Counter, check=is_two)

def test_right(race):
    race.threads(add, add, setup=Counter)
"""
)


def test_all_workers_have_one_seed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        import pytest
        from pathlib import Path

        @pytest.mark.parametrize("number", range(4))
        def test_seed(race, number):
            worker = os.environ["PYTEST_XDIST_WORKER"]
            Path(f"{worker}-{number}.seed").write_text(str(race.seed))
        """
    )
    result = pytester.runpytest_subprocess(*PLUGIN, "-n", "2", timeout=60)
    result.assert_outcomes(passed=4)
    headers = re.findall(r"race_seed=(\d+) \(drawn\)", result.stdout.str())
    assert len(headers) == 1
    files = list(pytester.path.glob("*.seed"))
    assert {file.name[:3] for file in files} == {"gw0", "gw1"}
    assert {file.read_text() for file in files} == set(headers)


def test_findings_and_notes_come_from_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=TWO
        + """
def test_apart(race):
    race.threads(len, len, setup=list)
"""
    )
    alone = pytester.runpytest_subprocess(*PLUGIN, "--race-seed=1", timeout=60)
    (pytester.path / ".pytest_cache/d/pytest_concurrency/races.json").unlink()
    spread = pytester.runpytest_subprocess(*PLUGIN, "--race-seed=1", "-n", "2", timeout=60)
    spread.assert_outcomes(passed=2, failed=1)
    assert (found_by(spread), told(spread), tokens(spread)) == (
        found_by(alone),
        told(alone),
        tokens(alone),
    )
    spread.stdout.fnmatch_lines(
        ["*= races =*", "test_it.py::test_apart", "  nothing conflicted: *"]
    )


def test_the_last_failed_and_the_first_to_fail(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TWO)
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1, failed=1)
    pytester.runpytest_inprocess(*PLUGIN, "--lf").assert_outcomes(failed=1)
    pytester.runpytest_inprocess(*PLUGIN, "-x").assert_outcomes(failed=1)


def test_the_debugger_opens_where_the_actor_failed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def add_and_look(counter):
    before = counter.value
    add(counter)
    if counter.value != before + 1:
        marker = 12345
        raise ValueError("lost")

def test_it(race):
    race.threads(add_and_look, add_and_look, setup=Counter)
"""
    )
    command = [sys.executable, "-m", "pytest", *PLUGIN, "--pdb"]
    result = pytester.run(*command, stdin=b"p marker + 1\np before\nq\n", timeout=60)
    result.stdout.fnmatch_lines(
        [
            "*raised ValueError: lost*",
            "> *test_it.py(*)add_and_look()",
            '-> raise ValueError("lost")',
            "(Pdb) 12346",
            "(Pdb) 0",
        ]
    )


def test_the_debugger_opens_in_the_check_that_failed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
def check(counter):
    seen = counter.value * 1000
    assert counter.value == 2

def test_it(race):
    race.threads(add, add, setup=Counter, check=check)
"""
    )
    command = [sys.executable, "-m", "pytest", *PLUGIN, "--pdb"]
    result = pytester.run(*command, stdin=b"p seen\nq\n", timeout=60)
    result.stdout.fnmatch_lines(["> *test_it.py(*)check()", "(Pdb) 1000"])


def test_other_fixtures(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        test_it=COUNTER
        + """
import os

def test_path(race, tmp_path):
    def note(path):
        with open(path, "a") as file:
            file.write("x")

    def fresh():
        path = tmp_path / "notes"
        path.write_text("")
        return path

    race.threads(note, note, setup=fresh, check=lambda path: path.read_text() == "xx")

def test_patched(race, monkeypatch):
    monkeypatch.setattr(Counter, "__init__", lambda self: setattr(self, "value", 40))
    race.threads(add, add, setup=Counter, check=lambda counter: counter.value > 40)

def test_methods(race, start_method):
    race.threads(add, add, setup=Counter, check=is_two)

def test_child(race, run_in_process):
    assert run_in_process(os.getpid) != os.getpid()
    race.threads(add, add, setup=Counter, check=is_two)
"""
    )
    result = run("--start-method=fork,spawn", "-W", "error")
    result.assert_outcomes(passed=2, failed=4)
    assert result.stdout.str().count("lost update: Actor 0 read") == 4
    result.stdout.fnmatch_lines(["replay: *'test_it.py::test_methods[[]spawn]' *"])


HAZARD = (
    COUNTER
    + """
import threading
import pytest
from pytest_concurrency import RaceFound

lock = threading.Lock()

@pytest.mark.hazard("lost-update", raises=RaceFound, match="lost update", why="two steps")
def test_counter(race):
    '''Two threads add to one counter.'''
    race.threads(add, add, setup=Counter, check=is_two)

def add_in_one_step(counter):
    with lock:
        counter.value += 1

@pytest.mark.fix("lost-update")
def test_counter_with_lock(race):
    race.threads(add_in_one_step, add_in_one_step, setup=Counter, check=is_two)
"""
)


def test_a_race_that_is_a_hazard(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_it=HAZARD)
    shown = run("-v")
    shown.assert_outcomes(passed=2)
    shown.stdout.fnmatch_lines(["*::test_counter hazard shown*", "lost-update * shown * fixed"])
    failing = run("--hazards=fail")
    failing.assert_outcomes(passed=1, failed=1)
    failing.stdout.fnmatch_lines(["lost update: Actor 0 read *", "replay: *"])


def test_a_hazard_that_no_schedule_shows(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(test_it=HAZARD.replace("== 2", "> 0"))
    result = run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*hazard 'lost-update'*"])


# `seen = False` is only run when `look` goes first: no run in order does so.
COVERED = (
    COUNTER
    + """
def look(counter):
    if counter.value == 1:
        counter.seen = True
    else:
        counter.seen = False
    if counter.value > 5:
        never()

def test_pass(race):
    print(race.threads(add, look, setup=Counter, check=lambda counter: counter.value == 1))

def test_fail(race):
    race.threads(add, add, setup=Counter, check=is_two)
"""
)
CORES = ["ctrace", "sysmon"] if sys.version_info >= (3, 12) else ["ctrace"]


@pytest.mark.parametrize("core", CORES)
def test_coverage_counts_what_actors_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, core: str
) -> None:
    path = pytester.makepyfile(test_it=COVERED)
    arguments = ["-m", "pytest", *PLUGIN, "-p", "no:cacheprovider", "-rA", "--race-seed=1"]
    plain = pytester.run(sys.executable, *arguments, timeout=60)
    monkeypatch.setenv("COVERAGE_CORE", core)
    covered = pytester.run(
        *(sys.executable, "-m", "coverage", "run", "--data-file=lines", *arguments), timeout=60
    )
    for result in (plain, covered):
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["all schedules pass: *"])
        result.stdout.no_fnmatch_line("*not deterministic*")
    assert (told(plain), tokens(plain)) == (told(covered), tokens(covered))
    lines = path.read_text().splitlines()
    missed = {"        never()"}
    if sys.version_info < (3, 12):
        # There is one trace function, so that coverage has it in a run in order only.
        missed.add("        counter.seen = False")
    assert {lines[number - 1] for number in missing(path)} == missed


def missing(path: Path) -> list[int]:
    measured = coverage.Coverage(data_file="lines")
    measured.load()
    return list(measured.analysis2(str(path))[3])
