"""The memory that the scheduler and its worker processes share: who goes on, and how far.

Only who has the turn writes to it, so that it needs no lock.
"""

from __future__ import annotations

import ctypes
import math
from multiprocessing.context import BaseContext
from typing import Any

__all__ = [
    "ABORTING",
    "BATON",
    "COMMAND",
    "DETAIL",
    "EVENTS",
    "HELD",
    "HOPPED_AT",
    "HOPS",
    "KEY",
    "LEAVE",
    "LIMIT",
    "NATIVE",
    "NEXT",
    "NOTES",
    "OWNER",
    "PARENT",
    "PENDING",
    "RECORDS",
    "REPORT",
    "RUN",
    "SLOTS",
    "SLOT_COUNT",
    "STATE",
    "STATE_OF",
    "STEP",
    "SUCCESSORS",
    "TALKS",
    "TIMED_OUT",
    "WAITERS",
    "YIELDS",
    "Board",
]

# How many actors one run can have, those included that actors start.
SLOT_COUNT = 64
# Of how many locks at a time it is known that an actor holds them.
_HELD_COUNT = 4

# The words, and the values of those that have names.
STATE, STEP, LIMIT, BATON, COMMAND, REPORT, DETAIL, ABORTING = range(8)
SLOTS, WAITERS, NOTES, RECORDS, EVENTS, SUCCESSORS, HOPS, TALKS = range(8, 16)
RUN, LEAVE = range(2)
_FIRST = 16
# Words that each actor has: `board[PENDING + slot]`.
STATE_OF, PENDING, KEY, TIMED_OUT, YIELDS, OWNER, PARENT, NATIVE = range(
    _FIRST, _FIRST + 8 * SLOT_COUNT, SLOT_COUNT
)
# Who goes on, one after the other, as each ends, if nothing else happens before; and the step at
# which each did.
NEXT = _FIRST + 8 * SLOT_COUNT
HOPPED_AT = NEXT + SLOT_COUNT
# Words for the locks that each actor holds: the key, and the number of the operation that took it.
HELD = HOPPED_AT + SLOT_COUNT
_HELD_WORDS = 2 * _HELD_COUNT
_WORDS = HELD + _HELD_WORDS * SLOT_COUNT
_NOTHING_HELD = memoryview(bytes(8 * _HELD_WORDS)).cast("q")


class Board:
    """A board, as one process sees it; pickled for another one, it is the same memory.

    Args:
        context: Of the start method; the memory is passed on as that one does.
        max_steps: How many visible operations a run may have.

    Attributes:
        words: Whole numbers, at the places named above.
        deadlines: When the wait of each actor ends, in seconds of the virtual clock; infinite if
            it does not end by itself. One more is the virtual time itself.
        trace: The number of each visible operation of the run, in the numbering of the process
            that came to it.
    """

    def __init__(self, context: BaseContext, max_steps: int) -> None:
        self._memory: tuple[Any, Any, Any] = (
            context.RawArray(ctypes.c_int64, _WORDS),
            context.RawArray(ctypes.c_double, SLOT_COUNT + 1),
            context.RawArray(ctypes.c_int32, max_steps + 2),
        )
        self._look()

    def __getstate__(self) -> tuple[Any, Any, Any]:
        return self._memory

    def __setstate__(self, memory: tuple[Any, Any, Any]) -> None:
        self._memory = memory
        self._look()

    def _look(self) -> None:
        words, deadlines, trace = self._memory
        self.words = memoryview(words).cast("B").cast("q")
        self.deadlines = memoryview(deadlines).cast("B").cast("d")
        self.trace = memoryview(trace).cast("B").cast("i")

    @property
    def now(self) -> float:
        """The virtual time, in seconds since the start of the run."""
        return self.deadlines[SLOT_COUNT]

    @now.setter
    def now(self, now: float) -> None:
        self.deadlines[SLOT_COUNT] = now

    def add_actor(self, owner: int, parent: int) -> int:
        """Takes the next slot.

        Args:
            owner: The number of the process that it runs in.
            parent: The slot of who starts it; -1 for one that was given.

        Raises:
            RuntimeError: There are too many actors.
        """
        words = self.words
        slot = words[SLOTS]
        if slot == SLOT_COUNT:
            raise RuntimeError(
                f"a race of processes can have {SLOT_COUNT} actors, threads included"
            )
        words[SLOTS] = slot + 1
        words[SUCCESSORS] = 0
        words[STATE_OF + slot] = words[YIELDS + slot] = words[KEY + slot] = 0
        words[PENDING + slot] = -1
        words[OWNER + slot] = owner
        words[PARENT + slot] = parent
        start = HELD + slot * _HELD_WORDS
        words[start : start + _HELD_WORDS] = _NOTHING_HELD
        self.deadlines[slot] = math.inf
        return slot

    def hold(self, slot: int, key: int, operation: int) -> None:
        """Notes that an actor has taken a lock: should its process die, nobody else could tell.

        Args:
            slot: Of the actor.
            key: Of the lock.
            operation: The number of the visible operation that took it.
        """
        words = self.words
        for place in _places(slot):
            if words[place] == key:
                # A recursive lock, once more.
                return
            if not words[place]:
                words[place] = key
                words[place + 1] = operation
                return

    def let_go(self, slot: int, key: int) -> None:
        """Notes that an actor has released a lock, which another one may have taken."""
        words = self.words
        for each in (slot, *range(words[SLOTS])):
            for place in _places(each):
                if words[place] == key:
                    words[place] = 0
                    return

    def held_by(self, slot: int) -> list[tuple[int, int]]:
        """Returns the locks that an actor holds, as (key, number of the operation that took it)."""
        words = self.words
        return [(words[place], words[place + 1]) for place in _places(slot) if words[place]]


def _places(slot: int) -> range:
    """Returns where the locks of an actor stand."""
    start = HELD + slot * _HELD_WORDS
    return range(start, start + _HELD_WORDS, 2)
