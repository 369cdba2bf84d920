"""What carries out runs: the seam between a search and the kind of actors that it searches.

Threads, processes and tasks are parked, resumed and found blocked each in their own way; a search,
its strategies, shrinking and stories are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from pytest_concurrency.race.accesses import Access
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.schedule import Schedule
from pytest_concurrency.race.strategies.protocol import ActorView, Reason, Strategy

if TYPE_CHECKING:
    from typing_extensions import Self

    from pytest_concurrency.race.naming import Diagnosis
    from pytest_concurrency.race.recording import Record
    from pytest_concurrency.race.runs import Case, Failure

__all__ = [
    "ActorKind",
    "Driver",
    "Ending",
    "Fault",
    "FaultKind",
    "RecordingDriver",
    "RunActor",
    "Stretch",
]

Ending = Literal["complete", "deadlock", "endless", "stuck", "died", "cut"]

FaultKind = Literal["unawaited", "unretrieved", "unhandled", "uncancelled"]
"""A coroutine that nobody awaited; an exception of a task at which nobody looked; anything else
that asyncio gives to the exception handler of its loop; a task that went on although it was
cancelled when the run was over."""


class RunActor(ActorView, Protocol):
    """An actor of a run, as those see it who judge the run."""

    @property
    def name(self) -> str:
        """What to call it in a story, if it is not one of those that were given."""

    @property
    def error(self) -> BaseException | None:
        """The exception that ended it."""

    @property
    def yields(self) -> int:
        """How often it has given way."""


class Stretch(NamedTuple):
    """A part of a run in which one actor went on alone.

    Args:
        start: How many visible operations had been reached when it began.
        actor: Who went on.
        why: Why a decision was due.
        before: Who had run before, and could have gone on if `why` is "reach" or "yield".
        yields: How often that one had given way until then.
    """

    start: int
    actor: RunActor
    why: Reason
    before: RunActor | None
    yields: int = 0


class Fault(NamedTuple):
    """What went wrong in a run without ending one of the actors that were given.

    Args:
        kind: What it is.
        actor: The path of the actor whose it is.
        error: The exception, if there is one.
        about: The name of the coroutine, or what asyncio says of it.
        unsettled: Whether it is none yet: `check` and `observe` may look at the exception.
    """

    kind: FaultKind
    actor: str
    error: BaseException | None
    about: str
    unsettled: bool = False


class Driver(Protocol):
    """Carries out runs, one after the other; used with `with`.

    Attributes:
        foresees_accesses: Whether it is known what an actor touches before it goes on. If not, an
            actor counts as touching anything.
        notes_acquires: Whether to note which operations acquire a primitive.
        kept: What the operations of a run touched itself, so that nothing else gets its `id` while
            the run lasts; None to keep nothing, since that would put off finalisers.
    """

    foresees_accesses: bool
    notes_acquires: bool
    kept: list[object] | None

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def run(self, targets: Sequence[Callable[..., object]], strategy: Strategy) -> Ending:
        """Runs actors once; whatever happens, no actor is left running.

        Args:
            targets: What the actors do; the driver gives each of them the state of the run.
            strategy: Makes the decisions; its `begin` has been called.

        Returns:
            How the run ended; everything else is in the attributes.

        Raises:
            Exception: Whatever the strategy raises.
        """

    def fresh_state(self, case: Case) -> tuple[Any, ...]:
        """Returns what the actors and `check` of the next run are called with: the state, if any.

        Raises:
            BaseException: Whatever `setup` or `reset` raises.
        """

    def find_accesses(self, find: bool) -> None:
        """Finds out what each operation touches before it is decided upon, from now on or no more.

        Args:
            find: Whether to do so: it costs time.
        """

    def step_aside(self, aside: bool) -> bool:
        """Lets another tool trace the actors for a run, if both cannot; tells whether it does."""

    @property
    def trace(self) -> Sequence[Operation]:
        """The visible operations of the last run in the order in which actors came to them."""

    @property
    def length(self) -> int:
        """How many there were."""

    @property
    def stretches(self) -> Sequence[Stretch]:
        """Who went on in the last run from which place in `trace`, and why."""

    @property
    def actors(self) -> Sequence[RunActor]:
        """The actors of the last run."""

    @property
    def accesses(self) -> Sequence[tuple[RunActor, Access]]:
        """What the operations of the last run touched, if that was to be found out."""

    @property
    def ending(self) -> Ending:
        """How the last run ended."""

    @property
    def faults(self) -> Sequence[Fault]:
        """What went wrong in the last run without ending an actor that was given."""

    @property
    def strays(self) -> Sequence[str]:
        """What blocked in the last run without being modelled, in words."""

    @property
    def has_lost_patience(self) -> bool:
        """Whether real time ran out for an actor: each run costs much of it then."""


class RecordingDriver(Driver, Protocol):
    """Records every step as well, with values."""

    @property
    def record(self) -> Record:
        """What was recorded of the last run."""


class ActorKind(Protocol):
    """What actors are, and so how they are driven, recorded and judged."""

    def driver(self, scope: Scope, max_steps: int) -> Driver:
        """Makes what carries out the runs of a search.

        Args:
            scope: Tells the user's code from other code.
            max_steps: After so many visible operations a run counts as endless.
        """

    def recorder(self, scope: Scope, max_steps: int) -> RecordingDriver:
        """Makes what records a run for its story; the arguments are those of `driver`."""

    def judge(
        self,
        case: Case,
        scope: Scope,
        schedule: Schedule | None,
        failure: Failure,
        seed: int,
        max_steps: int,
    ) -> str:
        """Says where a failure can happen.

        Args:
            case: What is run.
            scope: Tells the user's code from other code.
            schedule: The shortest one that fails; None for a failure under stress.
            failure: How it fails.
            seed: Of the random decisions.
            max_steps: After so many visible operations a run counts as endless.
        """

    def elsewhere(self, case: Case, schedule: Schedule, failure: Failure, max_steps: int) -> str:
        """Says where else a schedule fails; empty if there is nowhere else.

        Args:
            case: What is run.
            schedule: What fails.
            failure: How.
            max_steps: After so many visible operations a run counts as endless.
        """

    def diagnose(self, record: Record) -> Diagnosis | None:
        """Names what only this kind of actors can do wrong; None if it is nothing of that.

        Args:
            record: What the recorder has recorded of the failing run.
        """

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a result should know of how the actors were run."""

    def close(self) -> None:
        """Ends what lives longer than one driver."""
