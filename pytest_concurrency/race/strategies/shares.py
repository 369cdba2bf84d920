"""How many events each actor still has before it, from what earlier runs have shown."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Shares"]


class Shares:
    """The events that are left, actor by actor.

    The events of an actor that has not been started yet belong to who will start it: whoever waits
    for it to be started waits for all of them.

    Args:
        counts: The number of events of each actor, by path.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._own = dict(counts)
        self._left: dict[str, int] = {}
        for path, count in counts.items():
            root = path.partition(".")[0]
            self._left[root] = self._left.get(root, 0) + count
        self._started = set(self._left)

    def of(self, path: str) -> int:
        """Returns how many events are left for an actor that has been started."""
        if path not in self._started:
            self._start(path)
        return self._left[path]

    def take(self, path: str) -> None:
        """Notes that an actor has done one of its events."""
        if self.of(path) > 0:
            self._left[path] -= 1

    def _start(self, path: str) -> None:
        parent = path
        while parent not in self._started and "." in parent:
            parent = parent.rpartition(".")[0]
        below = path + "."
        own = sum(n for p, n in self._own.items() if p == path or p.startswith(below))
        self._started.add(path)
        self._left[path] = own
        if parent in self._left and parent != path:
            self._left[parent] = max(self._left[parent] - own, 0)
