"""What the modelled primitives ask of whoever schedules the threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.points.operations import Operation

__all__ = ["Host"]


class Host(Protocol):
    """Schedules the threads of this process.

    Attributes:
        now: The virtual time, in seconds since the start of the run.
    """

    now: float

    @property
    def notes_acquires(self) -> bool:
        """Whether to note which operations acquire a primitive."""

    @property
    def ident(self) -> int:
        """The thread whose turn it is; 0 if it is nobody's."""

    @property
    def current(self) -> Actor | None:
        """The actor whose turn it is."""

    @property
    def outside(self) -> int:
        """How many actors are in a call that blocks and is not modelled."""

    @property
    def waiting(self) -> dict[int, list[Actor]]:
        """Who waits, by the `id` of what for."""

    @property
    def woken(self) -> dict[int, list[Actor]]:
        """Who was woken, by the `id` of what is free now, and has not come to take it."""

    def rejoin(self) -> None:
        """Parks the calling thread if its actor comes back from outside."""

    def operation(self) -> Operation | None:
        """Returns the visible operation that the current actor is doing."""

    def block(self, resource: object, deadline: float | None = None) -> bool:
        """Blocks the current actor until it is woken; False if its timeout won."""

    def wake(self, resource: object) -> None:
        """Lets everybody who waits for a resource try again."""

    def taken(self, lock: object) -> None:
        """Blocks those again who were woken for a lock and have not come to take it."""

    def failed_to_take(self, frame: FrameType) -> None:
        """Lets others go on first, if it was the user's code that tried in vain."""

    def give_way(self) -> None:
        """Lets others go on first."""

    def spawn(
        self, target: Callable[[], object], thread: threading.Thread, *, daemon: bool
    ) -> Actor:
        """Makes an actor of a thread that the current actor starts."""

    def join(self, actor: Actor, deadline: float | None = None) -> bool:
        """Waits until another actor has ended; False if the timeout won."""
