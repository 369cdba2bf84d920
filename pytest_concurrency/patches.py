"""Replace an attribute of somebody else's module or class, and put it back."""

from __future__ import annotations

from typing import Any


class Patches:
    """The attributes we replaced, in order.

    `undo` puts back only what is still ours: another tool that wrapped our function later keeps
    its place.
    """

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Set `owner.name` to `new`, remembering what was there."""
        self._done.append((owner, name, vars(owner)[name], new))
        setattr(owner, name, new)

    def undo(self) -> None:
        """Put everything back, last one first."""
        while self._done:
            owner, name, old, new = self._done.pop()
            if vars(owner).get(name) is new:
                setattr(owner, name, old)
