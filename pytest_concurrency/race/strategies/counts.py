"""How many operations of some sort the actors of a run have left, by what earlier runs did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.protocol import ActorView

__all__ = ["Remaining", "subtrees"]


def subtrees(
    operations: Mapping[str, Mapping[Operation, int]], counted: Callable[[Operation], bool]
) -> dict[str, int]:
    """Counts operations.

    Args:
        operations: For each actor, by path, how often it did each operation.
        counted: Which operations count.

    Returns:
        For each actor, by path, how many of them it and all whom it started did.
    """
    counts: dict[str, int] = {}
    for path, done in operations.items():
        own = sum(times for operation, times in done.items() if counted(operation))
        while path:
            counts[path] = counts.get(path, 0) + own
            path = path.rpartition(".")[0]
    return counts


class Remaining:
    """What is left in one run; the operations of a child belong to its parent until it is started.

    Args:
        expected: The counts by path, as `subtrees` returns them.

    Attributes:
        left: How many operations each actor has left, by its index. What an actor does beyond what
            was expected makes it negative.
    """

    __slots__ = ("_expected", "_indices", "left")

    def __init__(self, expected: Mapping[str, int]) -> None:
        self._expected = expected
        self._indices: dict[str, int] = {}
        self.left: dict[int, int] = {}

    def start(self, actor: ActorView) -> tuple[int | None, int]:
        """Notes a new actor.

        Args:
            actor: The actor.

        Returns:
            The index of its parent, if it has one, and how many operations it took from it.
        """
        expected = self._expected.get(actor.path, 0)
        self._indices[actor.path] = actor.index
        self.left[actor.index] = expected
        parent = self._indices.get(actor.path.rpartition(".")[0])
        if parent is not None:
            self.left[parent] -= expected
        return parent, expected
