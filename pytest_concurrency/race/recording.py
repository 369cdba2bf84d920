"""What a replay records of a run, step by step: the material of a story."""

from __future__ import annotations

import os
from typing import NamedTuple

from pytest_concurrency.race.points.operations import Operation

__all__ = ["ROOM", "Crash", "Death", "Held", "Record", "Step", "Unnoticed", "Wait"]


ROOM = "room in the pipe of "
"""How the label of a `Wait` begins if it is for that, of a queue's feeder thread."""


class Step(NamedTuple):
    """One visible operation as it was carried out.

    Args:
        actor: The path of the actor: "0" is the first one given, "0.1" the second that it started.
        operation: What it was, and on which line.
        label: What it was done to, such as `Counter#1.value`, `list#1[0]` or `Account#1.lock`;
            empty if that is not known.
        before: What was there before, as a short `repr`; empty if that is not known.
        after: What was there afterwards, as a short `repr`; empty if that is not known.
        writes: Whether it changed what is there, or could have; a lock is changed by every
            operation.
        locks: "takes", "waits" or "releases" if it is an operation on a lock; "waits" is followed
            by a "takes" of the same operation once the lock is free, or by a "gives up". Other
            operations that block, a sleep or a join, are recorded the same way, with a label as in
            `Wait`. Otherwise empty.
        raised: The exception it ended with, such as `KeyError: 'a'`; empty if it did not.
    """

    actor: str
    operation: Operation
    label: str = ""
    before: str = ""
    after: str = ""
    writes: bool = False
    locks: str = ""
    raised: str = ""

    @property
    def filename(self) -> str:
        """The file of the operation."""
        return self.operation.code.co_filename

    @property
    def line(self) -> int:
        """The line of the operation, from 1."""
        return self.operation.line


class Wait(NamedTuple):
    """An actor that waits at the end of a run that cannot go on.

    Args:
        actor: Its path.
        label: What it waits for, such as `Account#1.lock`, `Thread actor 1` or `Queue#1.get()`.
        filename: Of the line on which it waits.
        line: From 1.
        holder: The path of the actor that holds the lock, or whose end is waited for; empty if
            there is none, or nobody can tell.
        held_since: The line on which the holder took it, in the holder's file; 0 if not known.
    """

    actor: str
    label: str
    filename: str
    line: int
    holder: str = ""
    held_since: int = 0


class Crash(NamedTuple):
    """An actor that ended with an exception.

    Args:
        actor: Its path.
        error: The exception, such as `KeyError: 'a'`.
        filename: Of the innermost line of the user's code in the traceback.
        line: From 1.
    """

    actor: str
    error: str
    filename: str
    line: int


class Held(NamedTuple):
    """A lock that an actor held when its process died.

    Args:
        label: Such as `Lock#1`.
        filename: Of the line on which it was taken; empty if that is not known.
        line: From 1; 0 if it is not known.
        waiting: The paths of the actors that wait for it.
        doing: What the actor was in the middle of, if it is the lock of a queue.
    """

    label: str
    filename: str = ""
    line: int = 0
    waiting: tuple[str, ...] = ()
    doing: str = ""


class Death(NamedTuple):
    """An actor whose process died.

    Args:
        actor: Its path.
        how: The exit code or the signal, in words.
        filename: Of the last visible operation that it came to; empty if it came to none.
        line: From 1; 0 if it came to none.
        held: The locks that it held.
    """

    actor: str
    how: str
    filename: str = ""
    line: int = 0
    held: tuple[Held, ...] = ()


class Unnoticed(NamedTuple):
    """What went wrong in a run without ending an actor that was given.

    Args:
        kind: A `FaultKind` of the driver.
        actor: The path of the actor whose it is.
        what: The name of the coroutine, or what asyncio says.
        error: The exception, such as `KeyError: 'a'`; empty if there is none.
        filename: Of the line that made it; empty if that is not known.
        line: From 1.
    """

    kind: str
    actor: str
    what: str
    error: str
    filename: str
    line: int


class Record(NamedTuple):
    """All that was recorded of one run.

    Args:
        steps: What the actors did, in order, up to the end of the run; not what they did while a
            run that could not go on was taken down.
        waits: The actors that wait for ever, if that is how it ended.
        crashes: The actors that ended with an exception, in order.
        endless: Whether the run was cut off at the step limit.
        death: The actor whose process died, if that is how it ended.
        unnoticed: What else went wrong, in order.
        unread: The exceptions in futures at which nobody has looked: perhaps only because `check`
            failed before it came to that.
        unfinished: The paths of the tasks that nobody had waited for when the given actors ended.
    """

    steps: tuple[Step, ...]
    waits: tuple[Wait, ...] = ()
    crashes: tuple[Crash, ...] = ()
    endless: bool = False
    unnoticed: tuple[Unnoticed, ...] = ()
    unfinished: tuple[str, ...] = ()
    unread: tuple[Unnoticed, ...] = ()
    death: Death | None = None

    @property
    def filenames(self) -> frozenset[str]:
        """The files of everything that was recorded."""
        names = {
            item.filename
            for items in (self.steps, self.waits, self.crashes, self.unnoticed, self.unread)
            for item in items
        }
        if self.death is not None:
            names |= {self.death.filename, *(held.filename for held in self.death.held)}
        return frozenset(names - {""})

    def place(self, filename: str, line: int) -> str:
        """Names a line in a sentence; the file only if there are several."""
        if len(self.filenames) == 1:
            return f"line {line}"
        return f"line {line} of {os.path.basename(filename)}"
