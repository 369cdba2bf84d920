"""Findings kept from run to run: the schedules that failed, by test."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Store"]

# The newest ones of a test; more would slow down every run of a test that stays red.
_KEPT = 5
_PATIENCE = 5.0


class Store:
    """A file with the tokens of failing schedules, shared by the workers of a run.

    Args:
        folder: Where the file is; made when something is to be kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "findings.json"

    def load(self, test_id: str) -> list[str]:
        """Returns the tokens of a test, newest first."""
        return self._read().get(test_id, [])

    def remember(self, test_id: str, token: str) -> None:
        """Keeps a token."""
        kept = self._read().get(test_id, [])
        if kept[:1] != [token]:
            self._change(test_id, lambda tokens: [token, *(t for t in tokens if t != token)])

    def forget(self, test_id: str, token: str) -> None:
        """Forgets a token whose schedule passes now."""
        if token in self._read().get(test_id, []):
            self._change(test_id, lambda tokens: [t for t in tokens if t != token])

    def _read(self) -> dict[str, list[str]]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # None yet, or damaged: what it held is found again.
            return {}
        if not isinstance(content, dict):
            return {}
        return {
            test: [token for token in tokens if isinstance(token, str)]
            for test, tokens in content.items()
            if isinstance(tokens, list)
        }

    def _change(self, test_id: str, change: Callable[[list[str]], list[str]]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / "findings.lock", timeout=_PATIENCE):
                content = self._read()
                tokens = change(content.get(test_id, []))[:_KEPT]
                content.pop(test_id, None)
                if tokens:
                    content[test_id] = tokens
                self._write(content)
        except Timeout:
            # Somebody else is stuck with the lock; a finding that is not kept is found again.
            return

    def _write(self, content: dict[str, list[str]]) -> None:
        """Replaces the file at once, so that nobody reads half of it."""
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        os.replace(name, self._file)
