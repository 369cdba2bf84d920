"""The exceptions users meet, and how every message of ours is built.

A message has up to four parts, in this order: what happened, the evidence, the likely cause (as a
question, never as a fact), and one command or change to try next. `message` joins them.
"""

from __future__ import annotations

import textwrap
from typing import Any

__all__ = [
    "ChildDied",
    "ChildHung",
    "ChildTraceback",
    "LeakWarning",
    "NotDeterministic",
    "NotPicklable",
    "RaceFound",
    "message",
]


class NotPicklable(AssertionError):
    """An object cannot cross to another process; the text names the path to each culprit."""


class ChildDied(RuntimeError):
    """A child process ended without returning; the text names its exit code or signal.

    Attributes:
        exitcode: what `Process.exitcode` would say: negative for a signal.
        stderr: what the child wrote to its standard error stream.
    """

    def __init__(self, text: str, *, exitcode: int | None = None, stderr: str = "") -> None:
        super().__init__(text)
        self.exitcode = exitcode
        self.stderr = stderr


class ChildHung(RuntimeError):
    """A child process did not end in time; the text has the stack of each of its threads.

    Attributes:
        timeout: how long it was given, in seconds.
    """

    def __init__(self, text: str, *, timeout: float | None = None) -> None:
        super().__init__(text)
        self.timeout = timeout


class ChildTraceback(Exception):
    """The cause of an exception that was raised in a child process: the traceback, as text."""

    def __str__(self) -> str:
        return "in the child process\n" + str(self.args[0])


class RaceFound(AssertionError):
    """A schedule was found that breaks the code; the text tells its story.

    Attributes:
        result: the `RaceResult` with the finding.
    """

    def __init__(self, text: str, *, result: Any = None) -> None:
        super().__init__(text)
        self.result = result


class NotDeterministic(AssertionError):
    """The same schedule led elsewhere the second time; the text names the first difference."""


class LeakWarning(UserWarning):
    """A test left something behind that is not a child process."""


def add_note(error: BaseException, text: str) -> None:
    """Add a note to an exception, as `BaseException.add_note` of Python 3.11 does.

    Args:
        error: the exception.
        text: the note; nothing is added if it is empty or there already.
    """
    notes: list[str] = error.__dict__.setdefault("__notes__", [])
    if text and text not in notes:
        notes.append(text)


def message(what: str, *, evidence: str = "", cause: str = "", next_step: str = "") -> str:
    """Build the text of an error.

    Args:
        what: line 1, what happened, in the user's words; self-contained.
        evidence: what was seen, shown indented.
        cause: the likely cause, a question.
        next_step: one command or change to try.

    Returns:
        The parts that are there, joined by newlines.
    """
    parts = [what.rstrip()]
    if evidence:
        parts.append(textwrap.indent(evidence.rstrip("\n"), "  "))
    if cause:
        parts.append(cause.rstrip())
    if next_step:
        parts.append("next: " + next_step.rstrip())
    return "\n".join(parts)
