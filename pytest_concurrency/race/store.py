"""Findings, kept from one test run to the next, so that they are tried first.

One file of JSON: for each test its tokens, the newest first. It is replaced as a whole, so that a
reader needs no lock and never sees half of it; writers come one after the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["Store"]

_KEPT = 5
_PATIENCE = 10.0  # seconds; a writer holds the lock for some milliseconds


class Store:
    """The findings of earlier test runs; nothing is read or made before it is used.

    Args:
        folder: Where they are kept; it is made when there is something to keep.
        patience: How many seconds to wait for other writers.
    """

    def __init__(self, folder: str | os.PathLike[str], patience: float = _PATIENCE) -> None:
        self._file = Path(folder) / "races.json"
        self._patience = patience

    def load(self, test_id: str) -> list[str]:
        """Returns the tokens that are known for a test, the newest first."""
        return self._read().get(test_id, [])

    def remember(self, test_id: str, token: str) -> str:
        """Puts a token in front of those of a test; the oldest ones are dropped.

        Returns:
            Why it could not be kept; empty if it was. A finding is worth more than its storage, so
            that nothing is raised.
        """
        return self._change(
            test_id, lambda known: [token, *(each for each in known if each != token)][:_KEPT]
        )

    def forget(self, test_id: str, token: str) -> str:
        """Drops a token, because its schedule no longer fails.

        Returns:
            Why it could not be dropped; empty if it was, or was not there.
        """
        if token not in self.load(test_id):
            return ""
        return self._change(test_id, lambda known: [each for each in known if each != token])

    def _change(self, test_id: str, change: Callable[[list[str]], list[str]]) -> str:
        from filelock import FileLock, Timeout  # most test runs never come here

        lock = self._file.with_suffix(".lock")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=self._patience):
                findings = self._read()
                findings[test_id] = change(findings.get(test_id, []))
                self._write({name: tokens for name, tokens in findings.items() if tokens})
        except Timeout:
            return (
                f"findings are not kept: another process has held {lock} for {self._patience:g} s"
            )
        except OSError as error:
            return f"findings are not kept: {error}"
        return ""

    def _read(self) -> dict[str, list[str]]:
        """Returns what is in the file, without whatever makes no sense."""
        try:
            findings = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(findings, dict):
            return {}
        return {
            test_id: tokens
            for test_id, tokens in findings.items()
            if isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)
        }

    def _write(self, findings: dict[str, list[str]]) -> None:
        # Under the lock, so that one name is enough; what a crash left there is overwritten.
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text(json.dumps(findings, indent=1), encoding="utf-8")
        os.replace(unfinished, self._file)
