"""What a strategy is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from pytest_concurrency.race.points.operations import Operation

__all__ = [
    "FAIR_AFTER",
    "ActorView",
    "Decision",
    "Profile",
    "Reason",
    "Strategy",
    "default_choice",
]

# A loop that waits without yielding can starve the others under priorities; from this step on,
# every strategy draws by lot. It is Coyote's limit.
FAIR_AFTER = 10_000

Reason = Literal["start", "reach", "block", "yield", "end"]
"""Why a decision is due: the run starts; the current actor has come to a visible operation, is
blocked, gives way, or has ended."""


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

    @property
    def access(self) -> object:
        """What its next operation touches, if the scheduler finds that out."""


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

    @property
    def reason(self) -> Reason:
        """Why it is due."""


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
    """Makes the decisions of one run after the other."""

    @property
    def name(self) -> str:
        """Its kind, such as "PCT(3)"; of the current run, if every run has another."""

    @property
    def horizon(self) -> int:
        """The step at which it wants to be asked again.

        Until then the chosen actor goes on without a hand-off, unless it ends or is blocked.
        """

    def begin(self, run: int, profile: Profile) -> None:
        """Prepares for a run, which has a number of its own."""

    def choose(self, decision: Decision) -> ActorView | None:
        """Returns the candidate that goes on, and sets `horizon` beyond `decision.step`.

        None ends the run: all that can follow is known.
        """

    def yielded(self, actor: ActorView) -> None:
        """Notes that an actor waits with a timeout, or tried in vain; others should go on."""


def default_choice(decision: Decision) -> ActorView:
    """Returns who goes on without a preemption: who has just run, else the first who can.

    A timeout wins only if nobody can go on without one.
    """
    current, candidates = decision.current, decision.candidates
    if decision.reason == "reach" and current is not None:
        return current
    others = [each for each in candidates if each is not current] or candidates
    return next((each for each in others if each.deadline is None), None) or next(
        (each for each in candidates if each.deadline is None), candidates[0]
    )
