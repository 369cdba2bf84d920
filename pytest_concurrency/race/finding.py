"""A finding: from a schedule that fails to the shortest one that does, with its story and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_concurrency.race.diagnosis import diagnose
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recorder import Recorder
from pytest_concurrency.race.runs import Case, Runner, difference
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.search import Found, Plan
from pytest_concurrency.race.shrink import shrink
from pytest_concurrency.race.story import tell
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.replay import Replay
from pytest_concurrency.race.threads import Scheduler
from pytest_concurrency.race.verdict import judge

__all__ = ["Finding", "Unsteady", "explain"]

_REPLAYS = 2


class Unsteady(Exception):
    """A schedule that failed did not fail again; the text says where it differs."""


@dataclass(frozen=True)
class Finding:
    """What broke, and how.

    Attributes:
        what: What broke, in one line.
        name: What kind of bug it is: "lost update", "deadlock", "wrong result" ...
        story: How it came about, step by step.
        verdict: Where it can happen.
        schedule: The shortest schedule that shows it.
        token: The same, as a text that `--race-replay` takes.
        preemptions: How many it needs.
        found_after: How many runs it took to find it.
        shrunk_in: How many more it took to make it short.
        error: The exception of the actor, or of the check.
        always: Whether every schedule fails.
    """

    what: str
    name: str
    story: str
    verdict: str
    schedule: Schedule
    found_after: int = 0
    shrunk_in: int = 0
    error: BaseException | None = field(default=None, repr=False, compare=False)
    always: bool = False
    lines: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def token(self) -> str:
        """The schedule as a text."""
        return self.schedule.token

    @property
    def preemptions(self) -> int:
        """How often an actor was made to wait that could have gone on."""
        return self.schedule.preemptions


def explain(
    case: Case, names: Sequence[str], scope: Scope, plan: Plan, found: Found, runs: int
) -> Finding:
    """Shrinks a failing schedule, replays it, and tells its story.

    Args:
        case: What was run.
        names: What the given actors are called.
        scope: Tells the user's code from other code.
        plan: How it was searched.
        found: What the search found.
        runs: How many runs it took.

    Raises:
        Unsteady: The schedule does not fail again.
    """
    with Scheduler(scope, plan.max_steps) as scheduler:
        runner = Runner(case, scheduler)
        runner.run(InOrder())
        _confirm(runner, found)
        schedule, attempts = found.schedule, 0
        if not found.always:
            schedule, attempts = shrink(runner, found.schedule, found.failure)
    with Recorder(scope, plan.max_steps) as recorder:
        runner = Runner(case, recorder)
        runner.run(InOrder())
        failure = runner.run(Replay(schedule)) or found.failure
        headings = _headings(recorder, names)
        diagnosis = diagnose(recorder.steps, recorder.waits, failure.kind, headings)
        story = tell(recorder.steps, recorder.waits, headings, diagnosis)
    verdict = judge(case, scope, plan, found, schedule)
    return Finding(
        what=_what_broke(failure, found, headings),
        name=diagnosis.name,
        story=str(story),
        verdict=str(verdict),
        schedule=schedule,
        found_after=runs,
        shrunk_in=attempts,
        error=failure.error,
        always=found.always,
    )


def _confirm(runner: Runner, found: Found) -> None:
    """Replays what was found.

    Raises:
        Unsteady: It does not fail in the same way.
    """
    for _ in range(_REPLAYS):
        failure = runner.run(Replay(found.schedule))
        if not found.failure.is_like(failure):
            raise Unsteady(
                difference(found.signature, runner.signature())
                or "the operations were the same, but what came of them was not"
            )
