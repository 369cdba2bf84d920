"""The detector on the kernels, between tasks and between processes: finds each bug, no twin's."""

from __future__ import annotations

from collections.abc import Mapping
from multiprocessing.context import BaseContext

import pytest

from pytest_concurrency.race.detector import Race
from tests.corpus.kernels import FIRST_WORDS, PROCESSES, TASKS, ProcessProgram, TaskProgram
from tests.corpus.programs import Kind, Program

pytestmark = pytest.mark.usefixtures("only_here")

RUNS_OF_A_TWIN = 60


def each(programs: Mapping[str, Program], kind: Kind) -> pytest.MarkDecorator:
    chosen = [program for program in programs.values() if program.kind == kind]
    return pytest.mark.parametrize("program", chosen, ids=lambda program: program.name)


@each(TASKS, "fail")
def test_finds_the_bug_between_tasks(program: TaskProgram) -> None:
    setup, actors, check = program.load()
    race = Race(seed=1, raise_on_finding=False)
    finding = race.tasks(*actors, setup=setup, check=check).finding
    assert finding is not None
    assert finding.what.startswith(FIRST_WORDS[program.finding])


@each(TASKS, "pass")
def test_never_blames_the_twin_between_tasks(program: TaskProgram) -> None:
    setup, actors, check = program.load()
    race = Race(seed=1, raise_on_finding=False, runs=RUNS_OF_A_TWIN)
    result = race.tasks(*actors, setup=setup, check=check)
    assert result.finding is None, str(result)
    assert result.notes == ()


@each(PROCESSES, "fail")
def test_finds_the_bug_between_processes(
    program: ProcessProgram, mp_context: BaseContext, start_method: str
) -> None:
    setup, actors, check = program.under(mp_context).load()
    race = Race(seed=1, raise_on_finding=False)
    result = race.processes(*actors, setup=setup, check=check, start_method=start_method)
    assert result.finding is not None
    assert result.finding.what.startswith(FIRST_WORDS[program.finding])


@each(PROCESSES, "pass")
def test_never_blames_the_twin_between_processes(
    program: ProcessProgram, mp_context: BaseContext, start_method: str
) -> None:
    setup, actors, check = program.under(mp_context).load()
    race = Race(seed=1, raise_on_finding=False, runs=RUNS_OF_A_TWIN)
    result = race.processes(*actors, setup=setup, check=check, start_method=start_method)
    assert result.finding is None, str(result)
    assert result.notes == ()
