"""One run of a race: a fresh state, the actors under a strategy, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_concurrency.errors import ChildDied
from pytest_concurrency.race.deaths import ActorDied
from pytest_concurrency.race.driver import Driver, Fault, FaultKind, RunActor, Stretch
from pytest_concurrency.race.outcomes import Grades
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.schedule import Point, Schedule, Segment
from pytest_concurrency.race.strategies.protocol import Strategy

__all__ = [
    "Case",
    "Failure",
    "FailureKind",
    "Profile",
    "Runner",
    "Signature",
    "difference",
    "operations_of",
    "schedule_of",
]

FailureKind = Literal[
    "check", "exception", "outcome", "deadlock", "endless", "stuck", "died", FaultKind
]

Signature = tuple[tuple[str, str, str, int], ...]
"""What a run did: for each visible operation the actor, what it was, the function and the line."""


@dataclass(frozen=True)
class Case:
    """What is run: the actors and the functions around them.

    Args:
        actors: Each is called with the state, or without anything if there is no `setup`.
        setup: Makes a fresh state for every run.
        check: Returns False, or raises, when the state is wrong.
        reset: Puts a state back instead of making a fresh one.
        observe: Returns a value for the table of outcomes.
        grades: Which of these values are forbidden.
    """

    actors: Sequence[Callable[..., object]]
    setup: Callable[[], Any] | None = None
    check: Callable[..., object] | None = None
    reset: Callable[[Any], object] | None = None
    observe: Callable[..., object] | None = None
    grades: Grades = field(default_factory=Grades)


@dataclass(frozen=True)
class Failure:
    """Why a run failed.

    Args:
        kind: `check`, `exception` (in an actor), `outcome` (a forbidden one), `deadlock`,
            `endless`, `stuck` or `died`.
        error: The exception, if there is one.
        actor: The path of the actor that raised it, or whose process died; the text of the
            outcome; or who is stuck where.
        others: Other actors that raised, and what.
    """

    kind: FailureKind
    error: BaseException | None = None
    actor: str = ""
    others: tuple[tuple[str, BaseException], ...] = ()

    def is_like(self, other: Failure | None) -> bool:
        """Tells whether another run failed in the same way."""
        return (
            other is not None
            and self.kind == other.kind
            and type(self.error) is type(other.error)
            and self.exit_code == other.exit_code
        )

    @property
    def exit_code(self) -> int | None:
        """How a process ended, if that is the failure."""
        return self.error.exitcode if isinstance(self.error, ChildDied) else None


@dataclass
class Profile:
    """What the runs so far have shown; what strategies draw from."""

    steps: int = 0
    actors: int = 0
    operations: dict[str, Counter[Operation]] = field(default_factory=dict)


class Runner:
    """Runs a race under strategies.

    Args:
        case: What to run.
        driver: Carries it out; the caller has entered it.

    Attributes:
        runs: How many runs there were.
        profile: What they have shown.
        outcome: What `observe` returned after the last run that came so far.
    """

    def __init__(self, case: Case, driver: Driver) -> None:
        self.case = case
        self.driver = driver
        self.runs = 0
        self.profile = Profile()
        self.outcome: object = None

    def run(self, strategy: Strategy, number: int = 0) -> Failure | None:
        """Runs the actors once.

        Args:
            strategy: Makes the decisions.
            number: The number of the run, which the strategy draws from.

        Returns:
            Why the run failed; None if it did not.

        Raises:
            BaseException: Whatever `setup`, `reset` or `observe` raises.
        """
        __tracebackhide__ = True
        case, driver = self.case, self.driver
        given = driver.fresh_state(case)
        strategy.begin(number, self.profile)
        driver.run(case.actors, strategy)
        self.runs += 1
        if driver.length > self.profile.steps:
            self.profile.steps = driver.length
        if len(driver.actors) > self.profile.actors:
            self.profile.actors = len(driver.actors)
        return self._judged(given)

    def look(self) -> None:
        """Counts the operations of the last run for the profile."""
        self.profile.operations = {
            actor.path: Counter(operations) for actor, operations in operations_of(self.driver)
        }

    def schedule(self) -> Schedule:
        """Returns the schedule of the last run."""
        return schedule_of(self.driver.trace, self.driver.stretches)

    def signature(self) -> Signature:
        """Returns what the last run did, in order."""
        driver = self.driver
        return tuple(
            (
                stretch.actor.path,
                f"{operation.kind} {operation.name or operation.subject}",
                operation.function,
                operation.line,
            )
            for stretch, end in _with_ends(driver.trace, driver.stretches)
            for operation in driver.trace[stretch.start : end]
        )

    def _judged(self, given: tuple[Any, ...]) -> Failure | None:
        driver, case = self.driver, self.case
        errors = [(actor.path, actor.error) for actor in driver.actors if actor.error]
        ending = driver.ending
        if ending == "died":
            # It ended the run, whatever others had raised before.
            errors.sort(key=lambda each: not isinstance(each[1], ActorDied))
        if errors:
            (path, first), *others = errors
            kind: FailureKind = "died" if ending == "died" else "exception"
            return Failure(kind, first, path, tuple(others))
        if ending == "cut":
            return None
        if ending != "complete":
            told = driver.strays[-1] if ending == "stuck" and driver.strays else ""
            return Failure(ending, actor=told)
        for fault in driver.faults:
            if not fault.unsettled:
                return _failure_by(fault)
        if case.check is not None:
            try:
                verdict = case.check(*given)
            except Exception as error:
                return Failure("check", error)
            if verdict is not None and not verdict:
                return Failure("check")
        if case.observe is not None:
            self.outcome = case.observe(*given)
            if case.grades.of(self.outcome) == "forbidden":
                return Failure("outcome", actor=repr(self.outcome))
        for fault in driver.faults:
            # Nobody has looked at it, and nobody is left who could.
            return _failure_by(fault)
        return None


def _failure_by(fault: Fault) -> Failure:
    return Failure(fault.kind, fault.error, f"{fault.actor} ({fault.about})")


def operations_of(driver: Driver) -> list[tuple[RunActor, list[Operation]]]:
    """Returns what each actor did in the last run."""
    found: dict[RunActor, list[Operation]] = {actor: [] for actor in driver.actors}
    for stretch, end in _with_ends(driver.trace, driver.stretches):
        found[stretch.actor] += driver.trace[stretch.start : end]
    return list(found.items())


def schedule_of(trace: Sequence[Operation], stretches: Sequence[Stretch]) -> Schedule:
    """Names the decisions of a run by what the actors had come to.

    Args:
        trace: The operations in the order in which actors came to them.
        stretches: Who went on from where.
    """
    counts: Counter[tuple[str, str, str, int]] = Counter()
    segments: list[Segment] = []
    for number, (stretch, end) in enumerate(_with_ends(trace, stretches)):
        path, key = stretch.actor.path, None
        for operation in trace[stretch.start : end]:
            line = operation.line - operation.first_line
            key = (path, operation.kind, operation.function, line)
            counts[key] += 1
        until = None
        if number + 1 < len(stretches):
            following = stretches[number + 1]
            if following.why == "reach" and key is not None:
                until = Point(*key[1:], counts[key])
            elif following.why == "yield":
                until = Point("yield", "", 0, following.yields)
        segments.append(Segment(path, until))
    return Schedule(tuple(segments))


def _with_ends(
    trace: Sequence[Operation], stretches: Sequence[Stretch]
) -> list[tuple[Stretch, int]]:
    ends = [stretch.start for stretch in stretches[1:]] + [len(trace)]
    return list(zip(stretches, ends, strict=True))


def difference(one: Signature, other: Signature) -> str:
    """Says where two runs of one schedule differ first; empty if they do not."""
    for number, (left, right) in enumerate(zip(one, other, strict=False), 1):
        if left != right:
            return (
                f"operation {number} was {_in_words(left)}, and the second time {_in_words(right)}"
            )
    if len(one) != len(other):
        longer = max(one, other, key=len)
        return (
            f"one run had {len(one)} operations and another one {len(other)}; only one of them "
            f"came to {_in_words(longer[min(len(one), len(other))])}"
        )
    return ""


def _in_words(operation: tuple[str, str, str, int]) -> str:
    actor, what, function, line = operation
    return f"{what} in {function}, line {line}, by actor {actor}"
