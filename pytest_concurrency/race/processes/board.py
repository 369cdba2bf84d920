"""The memory that the scheduler and its worker processes share: who goes on, and how far.

Only who has the turn writes to it, so that it needs no lock.
"""

from __future__ import annotations

import ctypes
import math
from array import array
from multiprocessing.context import BaseContext
from typing import Any

__all__ = [
    "ABORTING",
    "BATON",
    "CHANGED",
    "CHANGE_AT",
    "CHANGE_COUNT",
    "CHANGE_OF",
    "CHANGE_TO",
    "COMMAND",
    "DETAIL",
    "EVENTS",
    "HELD",
    "HOPS",
    "HOP_AT",
    "HOP_COUNT",
    "HOP_TO",
    "HOP_WHY",
    "KEY",
    "LAST",
    "LEAVE",
    "LIMIT",
    "NATIVE",
    "NOTES",
    "ORDER",
    "OWNER",
    "PARENT",
    "PENDING",
    "PLANNED",
    "PRIORITY",
    "RECORDS",
    "REPORT",
    "RUN",
    "SLOTS",
    "SLOT_COUNT",
    "STATE",
    "STATE_OF",
    "STEP",
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

# How often the turn goes from actor to actor, and how many priorities change on the way, until the
# scheduler is asked again.
HOP_COUNT = 256
CHANGE_COUNT = 64

# The words, and the values of those that have names.
STATE, STEP, LIMIT, BATON, COMMAND, REPORT, DETAIL, ABORTING = range(8)
SLOTS, WAITERS, NOTES, RECORDS, EVENTS, TALKS = range(8, 14)
# Of the plan, see `plan.py`: for how many actors it holds, 0 if it does not, and up to which step;
# the changes made, and the hops.
PLANNED, LAST, CHANGED, HOPS = range(14, 18)
RUN, LEAVE = range(2)
_FIRST = 18
# Words that each actor has: `board[PENDING + slot]`; and the slots of a plan in their order.
STATE_OF, PENDING, KEY, TIMED_OUT, YIELDS, OWNER, PARENT, PRIORITY, ORDER, NATIVE = range(
    _FIRST, _FIRST + 10 * SLOT_COUNT, SLOT_COUNT
)
# Words that each hop has: who went on, at which step, and why.
HOP_TO, HOP_AT, HOP_WHY = range(NATIVE + SLOT_COUNT, NATIVE + SLOT_COUNT + 3 * HOP_COUNT, HOP_COUNT)
# Words that each change of a priority has: at which step, to what, and whose it was in the end.
CHANGE_AT, CHANGE_TO, CHANGE_OF = range(
    HOP_WHY + HOP_COUNT, HOP_WHY + HOP_COUNT + 3 * CHANGE_COUNT, CHANGE_COUNT
)
# Words for the locks that each actor holds: the key, and the number of the operation that took it.
HELD = CHANGE_OF + CHANGE_COUNT
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
        self.keep_as_first()

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

    def keep_as_first(self) -> None:
        """Remembers the actors added so far: those that each run begins with."""
        self._first = (
            array("q", self.words[SLOTS : SLOTS + 1]),
            array("q", self.words[_FIRST:PRIORITY]),
            array("q", self.words[HELD:]),
            array("d", self.deadlines),
        )

    def begin_again(self) -> None:
        """Has those actors only, none of whom has begun, at the virtual time 0."""
        words = self.words
        first = self._first
        words[SLOTS : SLOTS + 1], words[_FIRST:PRIORITY], words[HELD:] = first[:3]
        self.deadlines[:] = first[3]

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
        words[PLANNED] = 0
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
        place = HELD + slot * _HELD_WORDS
        for _ in range(_HELD_COUNT):
            held = words[place]
            if not held:
                words[place] = key
                words[place + 1] = operation
                return
            if held == key:
                # A recursive lock, once more.
                return
            place += 2

    def let_go(self, slot: int, key: int) -> None:
        """Notes that an actor has released a lock, which another one may have taken."""
        words = self.words
        place = HELD + slot * _HELD_WORDS
        if words[place] == key:
            words[place] = 0
            return
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
