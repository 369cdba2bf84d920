"""What the files of a story are called, so that no path is longer than it has to be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from pytest_concurrency.race.entries import Entry

__all__ = ["Files"]


class Files:
    """What the files are called: once for all if there is only one.

    Args:
        entries: All entries of the story.

    Attributes:
        several: Whether an entry has to tell in which file it is.
        digits: How wide the longest line number is.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        names = sorted({entry.filename for entry in entries} - {""})
        self.several = len(names) > 1
        self.digits = max((len(str(entry.line)) for entry in entries), default=1)
        self._names = names
        self._folder = ""
        if self.several:
            # Names such as `<string>`, and files on two drives, have nothing in common.
            with contextlib.suppress(ValueError):
                folder = os.path.commonpath([os.path.dirname(name) for name in names])
                self._folder = "" if folder == os.path.dirname(folder) else folder

    def heading(self) -> list[str]:
        """Says once what all lines share."""
        if not self.several:
            return [_from_here(name) for name in self._names]
        return [f"in {_from_here(self._folder)}{os.sep}"] if self._folder else []

    def name(self, filename: str) -> str:
        """Says which of several files it is."""
        return os.path.relpath(filename, self._folder) if self._folder else filename


def _from_here(path: str) -> str:
    """Shortens the path of a file below the current folder."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path
