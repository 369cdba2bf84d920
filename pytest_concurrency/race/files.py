"""What the files of a story are called, so that no path is longer than it has to be."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pytest_concurrency.race.entries import Entry

__all__ = ["Files"]


class Files:
    """What the files are called: once for all if there is only one."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.names = sorted({entry.filename for entry in entries})
        self.digits = max((len(str(entry.line)) for entry in entries), default=1)
        self.folder = os.path.dirname(self.names[0]) if self.names else ""
        if len(self.names) > 1:
            try:
                self.folder = os.path.commonpath([os.path.dirname(name) for name in self.names])
            except ValueError:  # on two drives, or not files at all
                self.folder = ""

    def heading(self) -> list[str]:
        """Says once what all lines share."""
        if len(self.names) == 1:
            return [_from_here(self.names[0])]
        return [f"in {_from_here(self.folder)}{os.sep}"] if self.folder else []

    def place(self, entry: Entry) -> str:
        """Says where an entry is; empty for one without a line."""
        if not entry.line:
            return ""
        if len(self.names) == 1:
            return f"{entry.line:>{self.digits}}  "
        name = entry.filename
        if self.folder:
            name = os.path.relpath(name, self.folder)
        return f"{name}:{entry.line}  "

    @property
    def indent(self) -> int:
        """How far to the right of its line number stands what happened on a line."""
        return self.digits + 2 if len(self.names) == 1 else 4


def _from_here(path: str) -> str:
    """Shortens the path of a file below the current folder."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path
