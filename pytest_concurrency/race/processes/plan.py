"""The plan of a run: who goes on, also when the scheduler is not asked.

Under priorities it is known beforehand who goes on when an actor ends, waits for a lock, or has its
priority changed: whoever can and has the highest one. So the worker that has the turn hands it on
itself, and leaves a note of each such hop on the board for the scheduler to read afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_concurrency.race.actors import READY
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.strategies.pct import Plan

__all__ = ["chosen_by_plan", "lower", "note_hop", "write_plan"]


def write_plan(words: memoryview, plan: Plan, last: int) -> None:
    """Writes a plan on the board; it holds until something comes up that it does not foresee.

    Args:
        words: Of the board.
        plan: What the strategy would do.
        last: At which step the scheduler wants to be asked in any case.
    """
    for slot, priority in plan.priorities.items():
        words[at.PRIORITY + slot] = priority
    words[at.PLANNED] = len(plan.priorities)
    _put_in_order(words, plan.priorities)
    changes = [each for each in plan.changes if each.step < last]
    if len(changes) >= at.CHANGE_COUNT:
        changes = changes[: at.CHANGE_COUNT - 1]
        last = plan.changes[len(changes)].step
    for number, change in enumerate(changes):
        words[at.CHANGE_AT + number] = change.step
        words[at.CHANGE_TO + number] = change.priority
    words[at.CHANGE_AT + len(changes)] = words[at.LAST] = last


def lower(words: memoryview, slot: int) -> None:
    """Changes the priority of an actor that has come to the step of the next change."""
    change = words[at.CHANGED]
    words[at.PRIORITY + slot] = words[at.CHANGE_TO + change]
    words[at.CHANGE_OF + change] = slot
    words[at.CHANGED] = change + 1
    words[at.LIMIT] = words[at.CHANGE_AT + change + 1]
    _put_in_order(words, words[at.ORDER : at.ORDER + words[at.PLANNED]])


def _put_in_order(words: memoryview, slots: Iterable[int]) -> None:
    """Notes the actors of a plan with the highest priority first."""
    ranked = sorted([(words[at.PRIORITY + slot], slot) for slot in slots], reverse=True)
    for place, (_, slot) in enumerate(ranked, at.ORDER):
        words[place] = slot


def chosen_by_plan(words: memoryview) -> int:
    """Returns the slot of who goes on; -1 if nobody can."""
    for place in range(at.ORDER, at.ORDER + words[at.PLANNED]):
        slot = words[place]
        if words[at.STATE_OF + slot] <= READY:
            assert isinstance(slot, int)
            return slot
    return -1


def note_hop(words: memoryview, slot: int, why: int) -> bool:
    """Notes that the turn goes to another actor; False if there is no room for the note."""
    hop = words[at.HOPS]
    if hop == at.HOP_COUNT:
        return False
    words[at.HOPS] = hop + 1
    words[at.HOP_TO + hop] = slot
    words[at.HOP_AT + hop] = words[at.STEP]
    words[at.HOP_WHY + hop] = why
    words[at.BATON] = slot
    return True
