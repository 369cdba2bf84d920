"""The detector itself on every program of the corpus: finds each bug, and never blames a twin."""

from __future__ import annotations

import pytest

from pytest_concurrency.race.detector import Race, RaceResult
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Failure, Runner
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.replay import Replay
from pytest_concurrency.race.threads import Scheduler
from tests.corpus.programs import PROGRAMS, Program

# Their runs take seconds, or their bug is out of reach of a default search: for the benchmark.
LARGE = {"SafeStack", "reorder_50", "reorder_100", "twostage_50", "twostage_100"}
FAIL, PASS = (
    [each for each in PROGRAMS.values() if each.kind == kind and each.name not in LARGE]
    for kind in ("fail", "pass")
)
MOST_PREEMPTIONS = 3
MOST_EXTRA_RUNS = 100
REPLAYS = 20
# A small sample already tells a twin from its program; the evidence is for the user to choose.
RUNS_OF_A_TWIN = 60


def searched(program: Program, seed: int, runs: int | None = None) -> RaceResult:
    setup, actors, check = program.load()
    race = Race(seed=seed, raise_on_finding=False, runs=runs)
    return race.threads(*actors, setup=setup, check=check)


def replays(program: Program, schedule: Schedule) -> list[Failure | None]:
    setup, actors, check = program.load()
    with Scheduler(Scope()) as scheduler:
        runner = Runner(Case(actors, setup, check), scheduler)
        runner.run(InOrder())
        return [runner.run(Replay(schedule)) for _ in range(REPLAYS)]


@pytest.mark.parametrize("program", FAIL, ids=lambda program: program.name)
def test_finds_the_bug_and_makes_it_short_and_replays_it(program: Program) -> None:
    finding = searched(program, seed=1).finding
    assert finding is not None
    assert finding.always == program.every_schedule
    assert finding.preemptions <= MOST_PREEMPTIONS
    assert finding.attempts <= MOST_EXTRA_RUNS
    schedule = Schedule.of(finding.token)
    assert schedule == finding.schedule
    failures = replays(program, schedule)
    assert [failure and failure.kind for failure in failures] == [program.finding] * REPLAYS


@pytest.mark.parametrize("program", PASS, ids=lambda program: program.name)
def test_never_blames_the_twin(program: Program) -> None:
    result = searched(program, seed=1, runs=RUNS_OF_A_TWIN)
    assert result.finding is None
    assert result.notes == ()
    assert result.evidence.conflicts


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["InterlockedWSQ", "StateWSQ", "circular_buffer", "queue"])
def test_makes_what_was_sampled_short_with_any_seed(name: str, seed: int) -> None:
    finding = searched(PROGRAMS[f"fail/{name}"], seed).finding
    assert finding is not None
    assert finding.preemptions <= MOST_PREEMPTIONS
    assert finding.attempts <= MOST_EXTRA_RUNS
