"""What a strategy is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pytest_concurrency.race.points.operations import Operation

__all__ = ["FAIR_AFTER", "ActorView", "Decision", "NamedStrategy", "Profile", "Strategy"]

# A loop that waits without yielding can starve the others under priorities; from this step on, every
# strategy draws by lot. It is Coyote's limit.
FAIR_AFTER = 10_000


class ActorView(Protocol):
    """What a strategy may know of an actor.

    Attributes:
        index: Its number, in the order of creation.
        path: "0" for the first one given, "0.1" for the second that it started.
        pending: Its next visible operation; None if it has not begun.
        deadline: Not None if its turn would mean that its timeout wins.
    """

    @property
    def index(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def pending(self) -> Operation | None: ...
    @property
    def deadline(self) -> float | None: ...


class Decision(Protocol):
    """The choice of who goes on.

    Attributes:
        step: How many visible operations have been reached in this run, pending ones included.
        current: Who has just run; None at the start. It may not be among the candidates.
        candidates: Who can go on, by index; never empty.
    """

    @property
    def step(self) -> int: ...
    @property
    def current(self) -> ActorView | None: ...
    @property
    def candidates(self) -> Sequence[ActorView]: ...


class Profile(Protocol):
    """What earlier runs of the same race have shown.

    Attributes:
        steps: The largest number of visible operations in a run.
        actors: The largest number of actors in a run.
        operations: For each actor, by path, how often it did each operation in the last run
            that was looked at. Strategies keep what they compute from it: after another run has
            been looked at, it is another mapping.
    """

    @property
    def steps(self) -> int: ...
    @property
    def actors(self) -> int: ...
    @property
    def operations(self) -> Mapping[str, Mapping[Operation, int]]: ...


class Strategy(Protocol):
    """Makes the decisions of one run after the other.

    Attributes:
        horizon: The step at which it wants to be asked again; until then the chosen actor goes on
            without a hand-off, unless it ends or is blocked.
    """

    horizon: int

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run, which has a number of its own."""

    def choose(self, decision: Decision) -> ActorView:
        """Returns the candidate that goes on, and sets `horizon` beyond `decision.step`."""

    def yielded(self, actor: ActorView) -> None:
        """Notes that an actor waits with a timeout, or tried in vain; others should go on."""


class NamedStrategy(Strategy, Protocol):
    """A strategy that can be told from others in a report.

    Attributes:
        name: Such as "PCT(3)"; known from `begin` on.
    """

    @property
    def name(self) -> str: ...
