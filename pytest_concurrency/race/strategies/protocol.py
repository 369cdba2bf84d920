"""What a strategy is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pytest_concurrency.race.points.operations import Operation

__all__ = ["FAIR_AFTER", "ActorView", "Decision", "NamedStrategy", "Profile", "Strategy"]

# A loop that waits without yielding can starve the others under priorities; from this step on,
# every strategy draws by lot. It is Coyote's limit.
FAIR_AFTER = 10_000


class ActorView(Protocol):
    """What a strategy may know of an actor."""

    @property
    def index(self) -> int:
        """Its number, in the order of creation."""

    @property
    def path(self) -> str:
        """Its name: "0" for the first one given, "0.1" for the second that it started."""

    @property
    def pending(self) -> Operation | None:
        """Its next visible operation; None if it has not begun."""

    @property
    def deadline(self) -> float | None:
        """Not None if its turn would mean that its timeout wins."""


class Decision(Protocol):
    """The choice of who goes on."""

    @property
    def step(self) -> int:
        """How many visible operations have been reached in this run, pending ones included."""

    @property
    def current(self) -> ActorView | None:
        """Who has just run; None at the start. It may not be among the candidates."""

    @property
    def candidates(self) -> Sequence[ActorView]:
        """Who can go on, by index; never empty."""


class Profile(Protocol):
    """What earlier runs of the same race have shown."""

    @property
    def steps(self) -> int:
        """The largest number of visible operations in a run."""

    @property
    def actors(self) -> int:
        """The largest number of actors in a run."""

    @property
    def operations(self) -> Mapping[str, Mapping[Operation, int]]:
        """How often each actor, by path, did each operation in the last run that was looked at.

        Strategies keep what they compute from it: after another run it is another mapping.
        """


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
    """A strategy that can be told from others in a report."""

    @property
    def name(self) -> str:
        """Its kind, such as "PCT(3)"; of the current run, if every run has another."""
