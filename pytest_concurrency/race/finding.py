"""A finding: from a schedule that fails to the shortest one that does, with story and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_concurrency.errors import message
from pytest_concurrency.race.deaths import ActorDied
from pytest_concurrency.race.diagnosis import WRONG_RESULT, Diagnosis, diagnose
from pytest_concurrency.race.driver import Driver, RecordingDriver
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recording import Record
from pytest_concurrency.race.runs import Case, Failure, Runner, Signature, difference
from pytest_concurrency.race.schedule import BadToken, Schedule
from pytest_concurrency.race.search import Found, Plan, not_alike
from pytest_concurrency.race.shrink import shrink
from pytest_concurrency.race.story import Story, tell
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.portfolio import Portfolio
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["Finding", "Shortened", "Unsteady", "explain", "replayed", "shortened"]

# Chance has to repeat itself so often to pass for a race.
_REPLAYS = 6
_ALWAYS_FAILS_AFTER = 20
_NOT_AGAIN = (
    "The schedule was replayed, and the process did not die in the same way again. Was it killed "
    "from outside: by the system when memory ran out, by a time limit, by an operator?"
)
_NO_RACE = Diagnosis(
    "no race",
    "The actors ran one after the other here, and no other order that was tried ends better. Is "
    "the check right, or the code wrong even without any concurrency?",
    {},
)


class Unsteady(Exception):
    """A schedule that failed did not fail again; the text says where it differs.

    Args:
        text: Where.
        failures: How the runs ended that were not alike.
    """

    def __init__(self, text: str, *failures: Failure | None) -> None:
        super().__init__(text)
        self.failures = failures


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
        elsewhere: Under which other start methods it happens; empty for threads.
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
    elsewhere: str = ""
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
        parts = [self.what, "", self.story, "", f"verdict: {self.verdict}"]
        if self.elsewhere:
            parts.append(f"elsewhere: {self.elsewhere}")
        return "\n".join([*parts, f"found: {self.how}"])


@dataclass(frozen=True)
class Shortened:
    """What a search found, confirmed and made short.

    Args:
        failure: How it fails.
        schedule: The shortest one that shows it.
        how: After how many runs it was found and made short, in words.
        always: Whether every schedule fails.
        attempts: How many runs it took to make the schedule short.
        once: Whether a process died that did not when the schedule was replayed.
    """

    failure: Failure
    schedule: Schedule
    how: str
    always: bool = False
    attempts: int = 0
    once: bool = False


def shortened(case: Case, plan: Plan, found: Found, runs: int, driver: Driver) -> Shortened:
    """Confirms a failing schedule and makes it short.

    Args:
        case: What was run.
        plan: How it was searched.
        found: What the search found.
        runs: How many runs it took.
        driver: Carried out the search, and goes on with it.

    Raises:
        Unsteady: The schedule does not fail again.
    """
    by_run = f"by run {runs} (seed {plan.seed})"
    if found.failure.kind == "stuck":
        # Each replay would take as long, and leave another thread behind.
        return Shortened(found.failure, found.schedule, f"{by_run}, not made shorter")
    driver.find_accesses(False)
    runner = Runner(case, driver)
    try:
        found = _confirmed(runner, found)
    except Unsteady as unsteady:
        failures = (found.failure, *unsteady.failures)
        death = next((each for each in failures if each and each.kind == "died"), None)
        if death is None:
            raise
        # Killed from outside, perhaps: whatever it was, there is a process that died.
        return Shortened(death, found.schedule, f"{by_run}, not made shorter", once=True)
    confirmed = runner.runs
    if found.in_order and _always_fails(runner, found.failure, plan.seed):
        how = f"in all of {runs + runner.runs - confirmed} runs (seed {plan.seed})"
        return Shortened(found.failure, found.schedule, how, always=True)
    if driver.has_lost_patience:
        return Shortened(found.failure, found.schedule, f"{by_run}, not made shorter")
    schedule, attempts = shrink(runner, found.schedule, found.failure)
    preemptions = "preemption" if schedule.preemptions == 1 else "preemptions"
    how = f"{by_run}, made short in {attempts} more: {schedule.preemptions} {preemptions}"
    return Shortened(found.failure, schedule, how, attempts=attempts)


def explain(
    case: Case, names: Sequence[str], scope: Scope, plan: Plan, short: Shortened
) -> Finding:
    """Tells the story of what was found, and where it can happen.

    Args:
        case: What was run.
        names: What the given actors are called.
        scope: Tells the user's code from other code.
        plan: How it was searched.
        short: What was found.
    """
    if short.failure.kind == "stuck":
        return Finding(
            what=_what_broke(short.failure, {}, False),
            name="stuck",
            story=f"{short.failure.actor} did not go on, and could not be stopped",
            verdict="unknown: it was not tried again",
            schedule=short.schedule,
            how=short.how,
        )
    if short.once:
        return _died_once(short, names)
    return _told(case, names, scope, plan, short)


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
    return _told(case, names, scope, plan, Shortened(failure, schedule, how)), ""


def _told(case: Case, names: Sequence[str], scope: Scope, plan: Plan, short: Shortened) -> Finding:
    schedule, always = short.schedule, short.always
    with plan.kind.recorder(scope, plan.max_steps) as recorder:
        runner = Runner(case, recorder)
        runner.run(InOrder())
        failure = runner.run(Replay(schedule)) or short.failure
        called = _called(recorder, names)
        diagnosis = diagnose(recorder.record)
        if always and failure.kind in ("check", "outcome"):
            # Whatever conflicts there are, they are not why.
            diagnosis = _NO_RACE
        if always or diagnosis.name == WRONG_RESULT:
            # No conflict explains it: the kind of actors may.
            diagnosis = plan.kind.diagnose(recorder.record) or diagnosis
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
        how=short.how,
        elsewhere=plan.kind.elsewhere(case, schedule, failure, plan.max_steps),
        error=failure.error,
        always=always,
        attempts=short.attempts,
        lines=_styled(story),
    )


def _died_once(short: Shortened, names: Sequence[str]) -> Finding:
    """Tells of a process that died, and not again when its schedule was replayed."""
    error = short.failure.error
    assert isinstance(error, ActorDied)
    record = Record((), death=error.death)
    called = {str(number): name for number, name in enumerate(names)}
    diagnosis = diagnose(record)
    story = tell(record, diagnosis, called)
    return Finding(
        what=_what_broke(short.failure, called, False),
        name=diagnosis.name,
        story=f"{story}\n{_NOT_AGAIN}",
        verdict="unknown: it did not happen again",
        schedule=short.schedule,
        how=short.how,
        error=error,
        lines=_styled(story),
    )


def _confirmed(runner: Runner, found: Found) -> Found:
    """Replays what was found, and runs the actors one after the other, which ended some way before.

    Returns:
        The same. The first run of all can have missed operations, so what it did is told anew.

    Raises:
        Unsteady: It does not fail in the same way, or the other does not end as before.
    """
    _run_in_order(runner, found)
    if found.in_order:
        found = replace(found, schedule=runner.schedule(), signature=runner.signature())
    before: Signature | None = None
    for number in range(_REPLAYS):
        failure = runner.run(Replay(found.schedule))
        signature = runner.signature()
        if not found.failure.is_like(failure):
            raise Unsteady(
                difference(found.signature, signature)
                or "the operations were the same, but what came of them was not",
                failure,
            )
        # The first one can still teach what is visible.
        if number > 1 and before is not None and before != signature:
            raise Unsteady(difference(before, signature))
        before = signature
    _run_in_order(runner, found)
    return found


def _run_in_order(runner: Runner, found: Found) -> None:
    before = found.failure if found.in_order else None
    failure = runner.run(InOrder())
    if before.is_like(failure) if before else failure is None:
        return
    # What was visible in the very first run is not the same.
    signature = runner.signature()
    again = runner.run(InOrder())
    raise Unsteady(
        difference(signature, runner.signature()) or not_alike(before, failure, again),
        failure,
        again,
    )


def _always_fails(runner: Runner, failure: Failure, seed: int) -> bool:
    """Tells whether a program that fails in order does so in other orders too."""
    runner.look()
    tries: list[Strategy] = [InOrder(range(len(runner.case.actors))[::-1]), InOrder(alone=True)]
    if not runner.driver.has_lost_patience:
        tries += [Portfolio(seed)] * _ALWAYS_FAILS_AFTER
    return all(
        failure.is_like(runner.run(strategy, number)) for number, strategy in enumerate(tries)
    )


def _called(recorder: RecordingDriver, names: Sequence[str]) -> dict[str, str]:
    """Returns what to call each actor, by path."""
    called = {}
    for actor in recorder.actors:
        given = actor.index < len(names)
        called[actor.path] = names[actor.index] if given else actor.name
    return called


def _what_broke(failure: Failure, called: dict[str, str], always: bool) -> str:
    error = failure.error
    whose = failure.actor
    raised = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    what = {
        "check": "the check failed" + (f" with {raised}" if error else ": it returned False"),
        "exception": f"actor {failure.actor} ({called.get(failure.actor, '?')}) raised {raised}",
        "outcome": f"an outcome that is forbidden: {failure.actor}",
        "deadlock": "deadlock: every actor waits",
        "endless": "an actor went on without an end",
        "unawaited": f"a coroutine was never awaited, by actor {whose}",
        "unretrieved": f"nobody looked at what ended task {whose}: {raised}",
        "unhandled": f"asyncio's exception handler was called for actor {whose}"
        + (f": {raised}" if error else ""),
        "uncancelled": f"a task goes on although it was cancelled, actor {whose}",
        "died": str(error),
        "stuck": "an actor is blocked by something that the scheduler does not control",
    }[failure.kind]
    if failure.others:
        what += f" (and {len(failure.others)} more)"
    return f"fails without any interleaving: {what}" if always else what


def _styled(story: Story) -> tuple[tuple[str, str], ...]:
    return tuple((line.text, line.style) for line in story.lines)
