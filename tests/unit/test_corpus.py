"""Every program of the corpus is what the index says of it, by a scheduler of the corpus itself.

A program of `fail` has a schedule with the stated finding and the stated number of preemptions, and
none with fewer; its twin has none, as far as is looked. `tests/corpus/reference.py` says how.
"""

from __future__ import annotations

import ast
import itertools
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

from tests import corpus
from tests.corpus.kernels import PROCESSES, TASKS
from tests.corpus.programs import PROGRAMS, Program
from tests.corpus.reference import Reference
from tests.corpus.scheduling import Run

CORPUS = Path(corpus.__file__).parent
FAIL = [program for program in PROGRAMS.values() if program.kind == "fail"]
PASS = [program for program in PROGRAMS.values() if program.kind == "pass"]

# Schedules of the programs that are too large to search: who goes on, and for how many decisions.
# The first decision for an actor brings it to its first operation.
_SET_A_THEN_CHECK = {
    f"reorder_{name}": ((0, 2), (setters, 1))
    for name, setters in ((5, 4), (10, 9), (20, 10), (50, 40), (100, 99))
}
_STAGE_ONE_THEN_READ = {
    f"twostage_{name}": ((0, 3), (writers, 1)) for name, writers in ((20, 10), (50, 40), (100, 99))
}
WITNESSES = {
    **_SET_A_THEN_CHECK,
    **_STAGE_ONE_THEN_READ,
    "wronglock": ((0, 3), (1, 1)),
    # Found by a breadth-first search by preemptions of all 688,318 states of a model that come
    # before it: there is none with fewer.
    "SafeStack": (
        (2, 3), (0, 10), (1, 10), (2, 1), (0, 6), (2, 4), (0, 5), (2, 5), (1, 11), (0, 1),
    ),
}  # fmt: skip

# Programs whose schedules with at most two preemptions are few enough to see all of them.
SEEN_WHOLE = {
    "account", "arithmetic_prog", "barrier", "bluetooth_driver", "bounded_semaphore", "counter",
    "deadlock01", "din_phil2", "event", "fifo_queue", "lifo_queue", "lock", "phase01",
    "priority_queue", "reorder_3", "rlock", "semaphore", "sleep", "stringbuffer-jdk1.4", "sync01",
    "sync02", "thread_join", "thread_local", "timeout", "timer", "twostage",
}  # fmt: skip

MOST_DECISIONS = 5_000
"""So many decisions, in all runs, are spent on searching a program that is not seen whole."""


def within(runs: Iterator[Run], decisions: int) -> Iterator[Run]:
    """Yields runs until they have made so many decisions."""
    for run in runs:
        yield run
        decisions -= len(run.decisions)
        if decisions < 0:
            return


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Iterator[Reference]:
    with Reference(request.param) as reference:
        yield reference


def each(programs: Iterable[Program]) -> pytest.MarkDecorator:
    """Runs a test once for each of the programs, under the reference scheduler."""
    programs = list(programs)
    names = [program.name for program in programs]
    return pytest.mark.parametrize("reference", programs, ids=names, indirect=True)


def failures(reference: Reference, preemptions: int) -> Iterator[Run]:
    return (run for run in reference.explore(preemptions) if run.finding is not None)


@each(FAIL)
def test_fails_with_the_stated_preemptions_and_finding(reference: Reference) -> None:
    program = reference.program
    if program.name in WITNESSES:
        segments = WITNESSES[program.name]
        run = reference.replay([actor for actor, count in segments for _ in range(count)])
    else:
        run = next(failures(reference, program.preemptions))
    assert run.finding == program.finding
    assert run.preemptions == program.preemptions


@each(program for program in FAIL if program.preemptions > 0)
def test_does_not_fail_with_fewer_preemptions(reference: Reference) -> None:
    program = reference.program
    if program.name in WITNESSES:
        runs = within(reference.explore(0), MOST_DECISIONS)
    else:
        runs = reference.explore(program.preemptions - 1)
    assert {run.finding for run in runs} == {None}


@each(FAIL)
def test_every_schedule_fails_if_the_index_says_so(reference: Reference) -> None:
    findings = {run.finding for run in within(reference.explore(2), MOST_DECISIONS)}
    if reference.program.every_schedule:
        assert findings == {reference.program.finding}
    else:
        assert None in findings


@each(PASS)
def test_twin_passes(reference: Reference) -> None:
    name = reference.program.name
    runs = reference.explore(2)
    if name not in SEEN_WHOLE:
        # its pop spins without a yield: put one worker aside and the default starves it
        bound = 0 if name == "SafeStack" else 2
        runs = within(reference.explore(bound), MOST_DECISIONS)
    walks = within((reference.walk(seed) for seed in range(50)), MOST_DECISIONS)
    for run in itertools.chain(runs, walks):
        assert run.finding is None, (run.error, [step.chosen for step in run.decisions])


@pytest.mark.parametrize("program", PASS, ids=[program.name for program in PASS])
def test_twin_passes_as_a_whole_program_on_threads_of_the_system(program: Program) -> None:
    errors: list[BaseException] = []

    def main() -> None:
        try:
            program.whole()()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert errors == []


@pytest.mark.parametrize("name", ["arithmetic_prog", "din_phil2", "din_phil7"])
def test_whole_program_fails_without_any_interleaving(name: str) -> None:
    program = PROGRAMS[f"fail/{name}"]
    assert program.every_schedule
    with pytest.raises(AssertionError):
        program.whole()()


@pytest.mark.parametrize("name", ["account", "wronglock_3", "lock", "stringbuffer-jdk1.4"])
def test_random_walk_finds_it_too(name: str) -> None:
    with Reference(PROGRAMS[f"fail/{name}"]) as reference:
        findings = {reference.walk(seed).finding for seed in range(200)}
    assert findings == {None, reference.program.finding}


@pytest.mark.parametrize(
    ("programs", "folder"),
    [(PROGRAMS, CORPUS), (TASKS, CORPUS / "tasks"), (PROCESSES, CORPUS / "processes")],
    ids=["threads", "tasks", "processes"],
)
def test_every_program_has_a_twin_and_a_docstring_and_knows_nothing_of_us(
    programs: Mapping[str, Program], folder: Path
) -> None:
    for kind in ("fail", "pass"):
        files = {file.stem: file for file in (folder / kind).glob("*.py")}
        del files["__init__"]
        assert set(files) == {
            program.module for program in programs.values() if program.kind == kind
        }
        for file in files.values():
            tree = ast.parse(file.read_text(encoding="utf-8"))
            docstring = ast.get_docstring(tree) or ""
            assert docstring
            assert kind == "pass" or "Kind: " in docstring
            for node in ast.walk(tree):
                names: list[str] = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [str(node.module)]
                assert not {"pytest", "pytest_concurrency"} & {
                    name.partition(".")[0] for name in names
                }


class TestReference:
    """The scheduler itself, held to what can be counted without it."""

    def test_explores_all_interleavings(self) -> None:
        program = Program(
            "pair", "fail", "reorder", "exception", "torn read", {"setters": 1, "checkers": 1}
        )
        with Reference(program) as reference:
            runs = list(reference.explore(preemptions=99))
        failed = {tuple(step.chosen for step in run.decisions): bool(run.finding) for run in runs}
        assert len(failed) == len(runs)
        assert failed == counted_by_hand()

    def test_random_walk_loses_the_update_in_three_of_eight(self) -> None:
        """algorithms.md §5.4 T8: each schedule weighs what a random walk gives it."""
        lost = Fraction(0)
        with Reference(PROGRAMS["fail/counter"]) as reference:
            for run in reference.explore(preemptions=99):
                if run.finding is not None:
                    lost += Fraction(1, math.prod(len(step.enabled) for step in run.decisions))
        assert lost == Fraction(3, 8)

    @each(FAIL)
    def test_replays_what_it_found(self, reference: Reference) -> None:
        run = reference.walk(seed=1)
        again = reference.replay([step.chosen for step in run.decisions])
        assert again.decisions == run.decisions
        assert again.finding == run.finding

    def test_leaves_nothing_behind(self) -> None:
        before = threading.Lock, threading.Thread.start, threading.enumerate()
        with Reference(PROGRAMS["fail/deadlock01"]) as reference:
            assert next(failures(reference, 1)).finding == "deadlock"
            assert all(actor.finished for actor in reference.scheduler.actors)
        assert before == (threading.Lock, threading.Thread.start, threading.enumerate())

    def test_cuts_off_a_loop_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tests.corpus.scheduling.STEP_LIMIT", 100)
        with Reference(PROGRAMS["fail/SafeStack"]) as reference:
            # the first is put aside with the link of the head in its hands; the second spins for it
            run = reference.replay([0] * 4 + [1] * 200)
        assert run.finding == "cut off"


def counted_by_hand() -> dict[tuple[int, ...], bool]:
    """Every interleaving of one setter and one checker, and whether the checker fails in it.

    Each of them starts and then makes two accesses. The run ends where the checker fails.
    """
    counted = {}
    for places in itertools.combinations(range(6), 3):
        schedule = tuple(int(place not in places) for place in range(6))
        a = b = 0
        seen: list[int] = []
        for number, actor in enumerate(schedule, start=1):
            nth = schedule[:number].count(actor)
            if actor == 0:
                a, b = (1 if nth > 1 else 0), (-1 if nth > 2 else 0)
            elif nth > 1:
                seen.append(a if nth == 2 else b)
            if len(seen) == 2 and seen not in ([0, 0], [1, -1]):
                counted[schedule[:number]] = True
                break
        else:
            counted[schedule] = False
    return counted
