"""The kernels for processes are what the index says, in real processes and in threads.

In threads they are seen by the reference scheduler, which shares nothing with the detector, and by
the detector's threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.context import BaseContext
from typing import Any

import pytest

from pytest_concurrency.race.detector import Race
from tests.corpus.kernels import FIRST_WORDS, PROCESSES, ProcessProgram
from tests.corpus.reference import Reference
from tests.corpus.scheduling import Run
from tests.corpus.threading_context import ThreadingContext

FAIL, PASS = (
    [program for program in PROCESSES.values() if program.kind == kind] for kind in ("fail", "pass")
)

# Eight actors have too many schedules: what is seen is its family's member with four. The detector
# sees all eight.
LARGE = "wronglock"

MOST_PREEMPTIONS = 2
MOST_DECISIONS = 20_000
"""So many, in all runs, are spent on a twin whose schedules are too many to see all of them."""

SEEN_WHOLE = {
    "account", "bluetooth_driver", "deadlock01", "stringbuffer-jdk1.4", "twostage"
}  # fmt: skip
"""Programs whose schedules with at most so many preemptions are fewer than that."""

RUNS_OF_A_TWIN = 60

SECONDS = 30
"""How long a process may take, its start included."""


def each(programs: list[ProcessProgram]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("program", programs, ids=lambda program: program.id)


def run_at_once(
    context: Any, actors: Sequence[Callable[[Any], object]], state: object
) -> list[int | None]:
    """Runs actors in processes, to their end, and returns the exit codes."""
    processes = [context.Process(target=actor, args=(state,)) for actor in actors]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(SECONDS)
        return [process.exitcode for process in processes]
    finally:
        for process in processes:
            if process.pid is not None:
                process.kill()
                process.join()
            process.close()


@each(list(PROCESSES.values()))
def test_passes_when_the_processes_come_one_after_another(
    program: ProcessProgram, mp_context: BaseContext
) -> None:
    setup, actors, check = program.under(mp_context).load()
    state = setup()
    for actor in actors:
        assert run_at_once(mp_context, [actor], state) == [0]
    assert check(state)


@pytest.mark.start_method("fork")
@each(PASS)
def test_twin_passes_with_all_processes_at_once(
    program: ProcessProgram, mp_context: BaseContext
) -> None:
    setup, actors, check = program.under(mp_context).load()
    state = setup()
    assert run_at_once(mp_context, actors, state) == [0] * len(actors)
    assert check(state)


@pytest.fixture
def reference(program: ProcessProgram) -> Iterator[Reference]:
    if program.name == LARGE:
        program = replace(program, parameters={"others": 3})
    with Reference(program.under(ThreadingContext())) as reference:
        yield reference


@each(FAIL)
def test_fails_with_the_stated_preemptions_and_finding(
    program: ProcessProgram, reference: Reference
) -> None:
    runs = reference.explore(program.preemptions)
    failure = next(run for run in runs if run.finding is not None)
    assert failure.finding == program.finding
    assert failure.preemptions == program.preemptions


@each([program for program in FAIL if program.preemptions > 0])
def test_does_not_fail_with_fewer_preemptions(
    program: ProcessProgram, reference: Reference
) -> None:
    runs = reference.explore(program.preemptions - 1)
    assert {run.finding for run in runs} == {None}


@each(PASS)
def test_twin_passes(program: ProcessProgram, reference: Reference) -> None:
    runs = reference.explore(MOST_PREEMPTIONS)
    seen = 0
    for run in runs:
        assert run.finding is None, (run.error, [step.chosen for step in run.decisions])
        seen += len(run.decisions)
        if seen > MOST_DECISIONS:
            break
    assert (seen <= MOST_DECISIONS) == (program.name in SEEN_WHOLE)
    for run in walks(reference):
        assert run.finding is None, (run.error, [step.chosen for step in run.decisions])


def walks(reference: Reference) -> Iterator[Run]:
    return itertools.islice(map(reference.walk, itertools.count()), 50)


@each(FAIL)
def test_threads_find_the_bug(program: ProcessProgram) -> None:
    setup, actors, check = program.under(ThreadingContext()).load()
    race = Race(seed=1, raise_on_finding=False)
    finding = race.threads(*actors, setup=setup, check=check).finding
    assert finding is not None
    assert finding.what.startswith(FIRST_WORDS[program.finding])


@each(PASS)
def test_threads_do_not_blame_the_twin(program: ProcessProgram) -> None:
    setup, actors, check = program.under(ThreadingContext()).load()
    race = Race(seed=1, raise_on_finding=False, runs=RUNS_OF_A_TWIN)
    result = race.threads(*actors, setup=setup, check=check)
    assert result.finding is None, str(result)
    assert result.notes == ()
