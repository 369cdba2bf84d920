"""What a replay records of a run, step by step: the material of a story."""

from __future__ import annotations

from typing import NamedTuple

from pytest_concurrency.race.points.operations import Operation

__all__ = ["Step", "Wait"]


class Step(NamedTuple):
    """One visible operation as it was carried out.

    Args:
        actor: The path of the actor: "0" is the first one given, "0.1" the second that it started.
        operation: What it was, and on which line.
        label: What it was done to, such as `Counter#1.value`, `list#1[0]` or `Account#1.lock`; empty
            if that is not known.
        before: What was there before, as a short `repr`; empty if that is not known.
        after: What was there afterwards, as a short `repr`; empty if that is not known.
        writes: Whether it changed what is there, or could have; a lock is changed by every operation.
        locks: "takes", "waits" or "releases" if it is an operation on a lock; "waits" is followed by a
            "takes" of the same operation once the lock is free. Otherwise empty.
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


class Wait(NamedTuple):
    """An actor that waits at the end of a run that cannot go on.

    Args:
        actor: Its path.
        label: What it waits for, such as `Account#1.lock`, `Thread actor 1` or `Queue#1.get()`.
        filename: Of the line on which it waits.
        line: From 1.
        holder: The path of the actor that holds the lock; empty if nobody does, or nobody can tell.
        held_since: The line on which the holder took it, in the holder's file; 0 if not known.
    """

    actor: str
    label: str
    filename: str
    line: int
    holder: str = ""
    held_since: int = 0
