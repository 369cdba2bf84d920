"""The actors of a race of processes, as the scheduler sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_concurrency.race.points.operations import Operation
    from pytest_concurrency.race.processes.heard import Heard

__all__ = ["ProcessActor"]


class ProcessActor:
    """An actor of a run: the main thread of a worker, or a thread that it has started.

    Args:
        scheduler: Whose it is.
        index: Its slot on the board.
        path: Its name in schedules.
        owner: The number of its process.
        daemon: Whether the run ends without it.
        name: What to call it.

    Attributes:
        deadline: Not None if its turn would mean that its timeout wins.
        error: The exception that ended it.
        children: How many actors it has started.
        yields: How often it has given way.
        access: Nothing is known of what it is about to touch.
    """

    __slots__ = (
        "_scheduler",
        "children",
        "daemon",
        "deadline",
        "error",
        "index",
        "name",
        "owner",
        "path",
        "yields",
    )
    access: object = None

    def __init__(
        self,
        scheduler: Heard,
        index: int,
        path: str,
        owner: int,
        daemon: bool,
        name: str,
    ) -> None:
        self._scheduler = scheduler
        self.index = index
        self.path = path
        self.owner = owner
        self.daemon = daemon
        self.name = name
        self.deadline: float | None = None
        self.error: BaseException | None = None
        self.children = 0
        self.yields = 0

    @property
    def pending(self) -> Operation | None:
        """Its next visible operation; None if it has not come to one."""
        return self._scheduler.pending_of(self)

    def __repr__(self) -> str:
        return f"<actor {self.path} in process {self.owner}>"
