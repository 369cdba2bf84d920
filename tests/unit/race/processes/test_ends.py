"""Actors whose process dies, that never end, or raise what cannot be sent."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency.errors import ChildDied, ChildTraceback, NotPicklable
from pytest_concurrency.race.detector import Race, RaceResult
from pytest_concurrency.race.finding import Finding
from pytest_concurrency.race.processes import heard, losses
from pytest_concurrency.waiting import wait_until
from tests.unit.race.processes import ends_sample as sample
from tests.unit.race.processes.leftovers import nothing_left
from tests.unit.race.processes.small_sample import Setup, State, add, reset

pytestmark = pytest.mark.usefixtures("only_here")

Actor = Callable[[State], object]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that the actors know, and that is not there yet."""
    return tmp_path / "marker"


@pytest.fixture
def _less_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heard, "PATIENCE", 1.0)
    monkeypatch.setattr(losses, "_LESS_PATIENCE", 0.2)


@pytest.fixture
def run(mp_context: BaseContext, start_method: str, marker: Path) -> Callable[..., RaceResult]:
    def run(*actors: Actor, seed: int = 1, **asked: Any) -> RaceResult:
        race = Race(seed=seed, raise_on_finding=False)
        return race.processes(
            *actors, setup=Setup(mp_context, str(marker)), start_method=start_method, **asked
        )

    return run


def found(result: RaceResult) -> Finding:
    assert result.finding is not None, str(result)
    return result.finding


def line_of(actor: Actor, text: str) -> int:
    """Returns the number of the line of an actor that contains a text."""
    import inspect

    lines, first = inspect.getsourcelines(actor)
    return first + next(number for number, line in enumerate(lines) if text in line)


# Death.


def test_a_death_in_one_interleaving_is_shrunk_told_and_replayed(
    run: Callable[..., RaceResult], mp_context: BaseContext, start_method: str
) -> None:
    finding = found(run(sample.exit_if_seen, sample.exit_if_seen))
    assert finding.what == "the process of actor 0 (exit_if_seen) died: exit code 3"
    assert finding.name == "process died"
    assert finding.preemptions == 1
    line = line_of(sample.exit_if_seen, "os._exit(3)")
    assert f"The process of actor 0 died on line {line}: exit code 3." in finding.story
    assert "calls _exit()  <-- the process died" in finding.story
    assert "reads Value#1.value = 1" in finding.story
    assert isinstance(finding.error, ChildDied)
    assert finding.error.exitcode == 3
    again = Race(raise_on_finding=False).replay(finding.token)
    replayed = again.processes(
        *(sample.exit_if_seen, sample.exit_if_seen),
        setup=Setup(mp_context),
        start_method=start_method,
    )
    assert found(replayed).what == finding.what
    assert found(replayed).story == finding.story


def test_a_finding_does_not_depend_on_the_method() -> None:
    findings = []
    for method in ("fork", "spawn", "forkserver"):
        import multiprocessing

        race = Race(seed=3, raise_on_finding=False)
        result = race.processes(
            *(sample.exit_if_seen, sample.exit_if_seen),
            setup=Setup(multiprocessing.get_context(method)),
            start_method=method,
        )
        findings.append((found(result).token, found(result).story))
    assert findings[0] == findings[1] == findings[2]


def test_the_locks_of_the_dead_are_named(run: Callable[..., RaceResult]) -> None:
    finding = found(run(sample.one_then_lock, sample.exit_with_locks))
    assert finding.what.endswith("the process of actor 1 (exit_with_locks) died: exit code 4")
    line = line_of(sample.exit_with_locks, "with state.lock")
    other = line_of(sample.exit_with_locks, "with state.other")
    story = " ".join(finding.story.split())
    assert f"It held Lock#1, taken on line {line}, which nobody can take any more" in story
    assert f"It held RLock#1, taken on line {other}, which nobody can take any more" in story
    assert "<-- never released" in finding.story


def test_who_waits_for_the_dead_is_named(run: Callable[..., RaceResult]) -> None:
    finding = found(run(sample.exit_while_waited_for, sample.set_and_lock))
    assert "which nobody can take any more: actor 1 waits for it, for ever" in " ".join(
        finding.story.split()
    )


def test_a_process_terminated_in_the_middle_of_a_put(
    mp_context: BaseContext, start_method: str
) -> None:
    finding = found(
        Race(seed=1, raise_on_finding=False).processes(
            sample.put_more_than_fits,
            sample.terminate_and_get,
            setup=sample.WithQueue(mp_context),
            start_method=start_method,
        )
    )
    line = line_of(sample.put_more_than_fits, "queue.put")
    assert (
        f"It was in the middle of SimpleQueue#1.put() on line {line}, so that perhaps only a part "
        "of the item has arrived, and nobody can put anything any more."
    ) in " ".join(finding.story.split())


@pytest.mark.parametrize(
    ("actor", "how"),
    [
        (sample.crash, "signal 11, SIGSEGV"),
        (sample.end_by_signal, "signal 15, SIGTERM"),
        (sample.exit_at_once, "exit code 5"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_death_in_every_interleaving(
    run: Callable[..., RaceResult], actor: Actor, how: str
) -> None:
    finding = found(run(add, actor))
    assert finding.what.startswith(
        f"fails without any interleaving: the process of actor 1 ({actor.__name__}) died: {how}"
    )
    assert finding.always


@pytest.mark.parametrize("back", [None, reset], ids=["fresh", "reset"])
def test_a_death_that_does_not_happen_again(
    run: Callable[..., RaceResult], marker: Path, back: Any
) -> None:
    finding = found(run(add, sample.exit_once, reset=back))
    assert finding.what == (
        "the process of actor 1 (exit_once) died: signal 9, SIGKILL (killed: by the test, the "
        "system's out-of-memory killer, or an operator)"
    )
    assert "The process of actor 1 died on line" in finding.story
    assert (
        "The schedule was replayed, and the process did not die in the same way again."
        in finding.story
    )
    assert finding.verdict == "unknown: it did not happen again"


def test_what_the_dead_have_started_ends_too(
    run: Callable[..., RaceResult], marker: Path, tmp_path: Path
) -> None:
    run(add, sample.leave_a_child)
    for pid in marker.read_text().split():
        assert wait_until(lambda pid=pid: has_ended(pid), 5)  # type: ignore[misc]


def has_ended(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


# Without an end.


def test_a_loop_that_is_visible(run: Callable[..., RaceResult]) -> None:
    finding = found(run(add, sample.loop_visibly, max_steps=300))
    assert finding.what.endswith("an actor went on without an end")
    assert finding.name == "endless loop"
    assert f"line {line_of(sample.loop_visibly, 'while')}" in finding.story


@pytest.mark.usefixtures("_less_patience")
@pytest.mark.parametrize(
    ("actor", "doing"),
    [(sample.loop_silently, ", in a loop without an end,"), (sample.sleep_in_c, "")],
    ids=["loop", "sleep"],
)
def test_an_actor_that_does_nothing_visible(
    run: Callable[..., RaceResult], actor: Actor, doing: str
) -> None:
    start = time.monotonic()
    finding = found(run(actor, add))
    assert time.monotonic() - start < 30
    assert finding.name == "stuck"
    assert finding.story.startswith("actor 0 at ")
    assert finding.story.endswith(f"{doing} did not go on, and could not be stopped")


@pytest.mark.usefixtures("_less_patience")
@pytest.mark.parametrize("actor", [sample.ignore_everything, sample.ignore_when_waiting])
def test_an_actor_that_does_not_let_itself_be_ended(
    run: Callable[..., RaceResult], actor: Actor, tmp_path: Path
) -> None:
    with nothing_left(tmp_path):
        finding = found(run(actor, sample.look, max_steps=200))
        assert finding.what.endswith(("without an end", "deadlock: every actor waits"))
        del finding


def test_others_go_on_while_one_waits_for_a_file(
    run: Callable[..., RaceResult], marker: Path
) -> None:
    result = run(sample.lock_a_file, sample.lock_a_file, runs=20, strategy="random")
    assert result.finding is None, str(result)
    assert "blocked outside the scheduler, so a rerun may differ" in result.evidence.sentence
    assert "fcntl.flock(file, fcntl.LOCK_EX)" in result.evidence.lost


@pytest.mark.usefixtures("_less_patience")
def test_a_file_that_somebody_else_has_locked(run: Callable[..., RaceResult], marker: Path) -> None:
    with open(marker, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finding = found(run(sample.lock_a_file, add))
    assert finding.name == "stuck"
    assert "fcntl.flock(file, fcntl.LOCK_EX)" in finding.story


@pytest.mark.usefixtures("_less_patience")
def test_a_socket_that_nobody_writes_to(run: Callable[..., RaceResult]) -> None:
    finding = found(run(sample.read_a_socket, add))
    assert finding.name == "stuck"
    assert "one.recv(1)" in finding.story


# Exceptions.


def test_an_exception_arrives_with_its_traceback(run: Callable[..., RaceResult]) -> None:
    finding = found(run(add, sample.fail))
    assert finding.what.endswith("actor 1 (fail) raised ValueError: in an actor")
    assert type(finding.error) is ValueError
    assert isinstance(finding.error.__cause__, ChildTraceback)
    assert f"line {line_of(sample.fail, 'raise')}, in fail" in str(finding.error.__cause__)


def test_an_exception_that_cannot_be_sent(run: Callable[..., RaceResult]) -> None:
    finding = found(run(add, sample.fail_unpicklably))
    assert isinstance(finding.error, NotPicklable)
    assert "Unpicklable: 1 and 2" in str(finding.error)
    assert "in fail_unpicklably" in str(finding.error.__cause__)


@pytest.mark.parametrize(
    ("actor", "code"), [(sample.leave_with_code, 7), (sample.leave_with_text, 1)]
)
def test_an_exit_code(run: Callable[..., RaceResult], actor: Actor, code: int) -> None:
    finding = found(run(add, actor))
    assert isinstance(finding.error, ChildDied)
    assert finding.error.exitcode == code
    assert f"ended its process by sys.exit(): exit code {code}" in finding.what


def test_an_exit_without_a_code(run: Callable[..., RaceResult]) -> None:
    assert run(add, sample.leave_in_peace, runs=5).finding is None
