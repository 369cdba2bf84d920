"""What a strategy is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from pytest_concurrency.race.points.operations import Operation

__all__ = ["ActorView", "Decision", "Profile", "Reason", "Strategy", "default_choice"]

Reason = Literal["start", "reach", "block", "yield", "end"]
"""Why a decision is due: the run starts; the current actor has come to a visible operation, is
blocked, gives way, or has ended."""


class ActorView(Protocol):
    """What a strategy may know of an actor.

    Attributes:
        index: Its number, in the order of creation.
        path: "0" for the first one given, "0.1" for the second that it started.
        pending: Its next visible operation; None if it has not begun.
        deadline: Not None if its turn would mean that its timeout wins.
        access: What its next operation touches, if the scheduler finds that out.
    """

    @property
    def index(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def pending(self) -> Operation | None: ...
    @property
    def deadline(self) -> float | None: ...
    @property
    def access(self) -> object: ...


class Decision(Protocol):
    """The choice of who goes on.

    Attributes:
        step: How many visible operations have been reached in this run, pending ones included.
        current: Who has just run; None at the start. It may not be among the candidates.
        candidates: Who can go on, by index; never empty.
        reason: Why it is due.
    """

    @property
    def step(self) -> int: ...
    @property
    def current(self) -> ActorView | None: ...
    @property
    def candidates(self) -> Sequence[ActorView]: ...
    @property
    def reason(self) -> Reason: ...


class Profile(Protocol):
    """What earlier runs of the same race have shown.

    Attributes:
        steps: The largest number of visible operations in a run.
        actors: The largest number of actors in a run.
        operations: For each actor, by path, how often it did each operation in the last run
            that was looked at.
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
        name: What it is called in sentences.
        horizon: The step at which it wants to be asked again; until then the chosen actor goes on
            without a hand-off, unless it ends or is blocked.
    """

    @property
    def name(self) -> str: ...
    @property
    def horizon(self) -> int: ...

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
