"""A finding: from a schedule that fails to the shortest one that does, with story and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_concurrency.errors import message
from pytest_concurrency.race.deaths import ActorDied
from pytest_concurrency.race.diagnosis import Diagnosis, diagnose
from pytest_concurrency.race.driver import RecordingDriver
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recording import Record
from pytest_concurrency.race.runs import Case, Failure, Runner, Signature, difference
from pytest_concurrency.race.schedule import BadToken, Schedule
from pytest_concurrency.race.search import Found, Plan
from pytest_concurrency.race.shrink import shrink
from pytest_concurrency.race.story import Story, tell
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["Finding", "Unsteady", "explain", "replayed"]

# Chance has to repeat itself so often to pass for a race.
_REPLAYS = 6
_NOT_AGAIN = (
    "The schedule was replayed, and the process did not die again. Was it killed from outside: by "
    "the system when memory ran out, by a time limit, by an operator?"
)
_NO_RACE = Diagnosis(
    "no race",
    "The actors ran one after the other here, and every other order ends so too. Is the check "
    "right, or the code wrong even without threads?",
    {},
)


class Unsteady(Exception):
    """A schedule that failed did not fail again; the text says where it differs."""


@dataclass(frozen=True)
class Finding:
    """What broke, and how.

    Attributes:
        what: What broke, in one line.
        name: What kind of bug it is: "lost update", "deadlock", "a race" ...
        story: How it came about, step by step, as plain text.
        verdict: Where it can happen.
        schedule: The shortest schedule that shows it.
        how: After how many runs it was found and made short.
        error: The exception of the actor, or of the check.
        always: Whether every schedule fails.
        attempts: How many runs it took to make the schedule short.
        lines: The story with a style for each line, for terminals.
    """

    what: str
    name: str
    story: str
    verdict: str
    schedule: Schedule
    how: str
    error: BaseException | None = field(default=None, repr=False, compare=False)
    always: bool = False
    attempts: int = 0
    lines: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def token(self) -> str:
        """The schedule as a text."""
        return self.schedule.token

    @property
    def preemptions(self) -> int:
        """How often an actor was made to wait that could have gone on."""
        return self.schedule.preemptions

    @property
    def text(self) -> str:
        """Everything, as plain text."""
        return "\n".join(
            [self.what, "", self.story, "", f"verdict: {self.verdict}", f"found: {self.how}"]
        )


def explain(
    case: Case,
    names: Sequence[str],
    scope: Scope,
    plan: Plan,
    found: Found,
    runs: int,
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
    if found.failure.kind == "stuck":
        # Each replay would take as long, and leave another thread behind.
        return Finding(
            what=_what_broke(found.failure, {}, False),
            name="stuck",
            story=f"{found.failure.actor} did not go on, and could not be stopped",
            verdict="unknown: it was not tried again",
            schedule=found.schedule,
            how=f"by run {runs} (seed {plan.seed}), not made shorter",
        )
    with plan.kind.driver(scope, plan.max_steps) as driver:
        runner = Runner(case, driver)
        runner.run(InOrder())
        death = _confirm(runner, found)
        if death is not None:
            return _died_once(death, found.schedule, names, runs, plan)
        schedule, attempts = found.schedule, 0
        if not found.always and not driver.has_lost_patience:
            schedule, attempts = shrink(runner, found.schedule, found.failure)
    preemptions = "preemption" if schedule.preemptions == 1 else "preemptions"
    how = f"in all of {runs} runs (seed {plan.seed})"
    if not found.always:
        how = (
            f"by run {runs} (seed {plan.seed}), made short in {attempts} more: "
            f"{schedule.preemptions} {preemptions}"
        )
    told = _told(case, names, scope, plan, schedule, found.failure, how, found.always)
    return replace(told, attempts=attempts)


def replayed(
    case: Case,
    names: Sequence[str],
    scope: Scope,
    plan: Plan,
    schedule: Schedule,
) -> tuple[Finding | None, str]:
    """Replays a schedule and tells its story if it fails.

    Args:
        case: What is run.
        names: What the given actors are called.
        scope: Tells the user's code from other code.
        plan: For the limits.
        schedule: What to replay.

    Returns:
        The finding, or None; and what to note.

    Raises:
        BadToken: The schedule does not fit the code, and nothing fails.
    """
    __tracebackhide__ = True
    with plan.kind.driver(scope, plan.max_steps) as driver:
        runner = Runner(case, driver)
        runner.run(InOrder())
        replay = Replay(schedule)
        failure = runner.run(replay)
        replay.finish()
    if failure is None:
        if replay.misfits:
            raise BadToken(
                message(
                    "this token does not fit the code, and nothing failed",
                    evidence="\n".join(replay.misfits[:5]),
                    cause="has the code changed since, or is it the token of another test?",
                    next_step="search again: run the test without the token",
                )
            )
        return None, "the replayed schedule passes now"
    how = "replayed from its token"
    if replay.misfits:
        how += f", although the code has changed since: {replay.misfits[0]}"
    return _told(case, names, scope, plan, schedule, failure, how, False), ""


def _told(
    case: Case,
    names: Sequence[str],
    scope: Scope,
    plan: Plan,
    schedule: Schedule,
    failure: Failure,
    how: str,
    always: bool,
) -> Finding:
    with plan.kind.recorder(scope, plan.max_steps) as recorder:
        runner = Runner(case, recorder)
        runner.run(InOrder())
        failure = runner.run(Replay(schedule)) or failure
        called = _called(recorder, names)
        diagnosis = diagnose(recorder.record)
        if always and failure.kind in ("check", "outcome"):
            # Whatever conflicts there are, they are not why.
            diagnosis = _NO_RACE
        story = tell(recorder.record, diagnosis, called)
    if always:
        verdict = "no race at all: it fails without any interleaving"
    else:
        verdict = plan.kind.judge(case, scope, schedule, failure, plan.seed, plan.max_steps)
    return Finding(
        what=_what_broke(failure, called, always),
        name=diagnosis.name,
        story=str(story),
        verdict=verdict,
        schedule=schedule,
        how=how,
        error=failure.error,
        always=always,
        lines=_styled(story),
    )


def _died_once(
    death: ActorDied, schedule: Schedule, names: Sequence[str], runs: int, plan: Plan
) -> Finding:
    """Tells of a process that died, and not again when its schedule was replayed."""
    record = Record((), death=death.death)
    called = {str(number): name for number, name in enumerate(names)}
    story = tell(record, diagnose(record), called)
    return Finding(
        what=str(death),
        name="process died",
        story=f"{story}\n{_NOT_AGAIN}",
        verdict="unknown: it did not happen again",
        schedule=schedule,
        how=f"by run {runs} (seed {plan.seed}), not made shorter",
        error=death,
        lines=_styled(story),
    )


def _confirm(runner: Runner, found: Found) -> ActorDied | None:
    """Replays what was found.

    Returns:
        A process that died, and not again: there is no schedule to blame.

    Raises:
        Unsteady: It does not fail in the same way.
    """
    known = _death_of(found.failure)
    before: Signature | None = None
    for number in range(_REPLAYS):
        failure = runner.run(Replay(found.schedule))
        signature = runner.signature()
        if not found.failure.is_like(failure):
            death = known or _death_of(failure)
            if death is not None:
                return death
            raise Unsteady(
                difference(found.signature, signature)
                or "the operations were the same, but what came of them was not"
            )
        # The first one can still teach what is visible.
        if number > 1 and before is not None and before != signature:
            if known is not None:
                return known
            raise Unsteady(difference(before, signature))
        before = signature
    return None


def _death_of(failure: Failure | None) -> ActorDied | None:
    error = None if failure is None else failure.error
    return error if isinstance(error, ActorDied) else None


def _called(recorder: RecordingDriver, names: Sequence[str]) -> dict[str, str]:
    """Returns what to call each actor, by path."""
    called = {}
    for actor in recorder.actors:
        given = actor.index < len(names)
        called[actor.path] = names[actor.index] if given else actor.name
    return called


def _what_broke(failure: Failure, called: dict[str, str], always: bool) -> str:
    error = failure.error
    raised = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    what = {
        "check": "the check failed" + (f" with {raised}" if error else ": it returned False"),
        "exception": f"actor {failure.actor} ({called.get(failure.actor, '?')}) raised {raised}",
        "outcome": f"an outcome that is forbidden: {failure.actor}",
        "deadlock": "deadlock: every actor waits",
        "endless": "an actor went on without an end",
        "stuck": "an actor is blocked by something that the scheduler does not control",
        "died": str(error),
    }[failure.kind]
    if failure.others:
        what += f" (and {len(failure.others)} more)"
    return f"fails without any interleaving: {what}" if always else what


def _styled(story: Story) -> tuple[tuple[str, str], ...]:
    return tuple((line.text, line.style) for line in story.lines)
