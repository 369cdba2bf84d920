"""Gives a failing run its name: lost update, check-then-act, torn read, deadlock and so on.

It says what the recorded accesses show and no more; where they show no pattern, it says just that.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_concurrency.race.conflicts import Conflict, conflicts
from pytest_concurrency.race.deadlocks import name_deadlock
from pytest_concurrency.race.deaths import name_death
from pytest_concurrency.race.loops import name_endless
from pytest_concurrency.race.mishaps import name_cancellation, name_unfinished, name_unnoticed
from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.readings import by_thing, changes, overlap, reads, shown_error
from pytest_concurrency.race.recording import Crash, Record, Step

__all__ = ["WRONG_RESULT", "Diagnosis", "diagnose"]


WRONG_RESULT = "wrong result"
"""The name of what no step explains."""


def diagnose(record: Record) -> Diagnosis:
    """Names what went wrong in a failing run.

    Args:
        record: The record of the run.

    Returns:
        The name, the sentences, and the steps that make the conflict.
    """
    if record.death is not None:
        return name_death(record, record.death)
    if record.waits:
        stuck = name_deadlock(record)
        before = "".join(f" Before that, a{_ended(record, each)[1:]}" for each in record.crashes)
        return replace(stuck, text=stuck.text + before)
    if record.endless:
        return name_endless(record)
    found = conflicts(record)
    if record.crashes:
        return _crash(record, record.crashes[0], found)
    if record.unnoticed:
        return name_unnoticed(record)
    if found and found[0].rank == 0:
        return _named(found[0])
    mishap = name_cancellation(record) or name_unfinished(record)
    if mishap is not None:
        return mishap
    if found:
        return _named(found[0])
    return _unnamed(record)


def _named(conflict: Conflict) -> Diagnosis:
    return Diagnosis(conflict.name, conflict.text, conflict.notes)


def _crash(record: Record, crash: Crash, found: list[Conflict]) -> Diagnosis:
    """Names the conflict that explains an exception, or else the exception alone."""
    own = [index for index, step in enumerate(record.steps) if step.actor == crash.actor]
    failing = next((i for i in reversed(own) if record.steps[i].raised == crash.error), None)
    ended = _ended(record, crash)
    for conflict in sorted(found, key=lambda each: each.victim != crash.actor):
        if _explains(record, conflict, own, failing):
            named = _named(conflict)
            if failing is not None and failing in conflict.notes:
                return named
            return Diagnosis(named.name, f"{named.text} {ended}", named.notes)
    notes = {} if failing is None else {failing: f"ends actor {crash.actor}"}
    changed = _changed_by_another(record, own if failing is None else [failing])
    if changed is not None:
        index, other = changed
        step = record.steps[other]
        notes.setdefault(index, f"meets what actor {step.actor} left")
        notes[other] = f"actor {crash.actor} will meet this"
        ended += (
            f" It had used {record.steps[index].label}, which actor {step.actor} changed last, on "
            f"{record.place(step.filename, step.line)}."
        )
    return Diagnosis("exception in an actor", ended, notes)


def _ended(record: Record, crash: Crash) -> str:
    return (
        f"Actor {crash.actor} ended with {shown_error(crash.error)} on "
        f"{record.place(crash.filename, crash.line)}."
    )


def _explains(record: Record, conflict: Conflict, own: list[int], failing: int | None) -> bool:
    """Tells whether the actor that failed saw what a conflict is about."""
    if failing is not None:
        label = record.steps[failing].label
        return failing in conflict.notes or overlap(label, conflict.label)
    last = max(conflict.notes)
    return any(
        index in conflict.notes
        or (index > last and overlap(record.steps[index].label, conflict.label))
        for index in own
    )


def _changed_by_another(record: Record, own: list[int]) -> tuple[int, int] | None:
    """Finds the last access of an actor to something that another one had changed last."""
    for index in reversed(own):
        label = record.steps[index].label
        if not (reads(record.steps[index]) or record.steps[index].raised) or not label:
            continue
        for other in reversed(range(index)):
            step = record.steps[other]
            if changes(step) and overlap(step.label, label):
                if step.actor != record.steps[index].actor:
                    return index, other
                break
    return None


def _unnamed(record: Record) -> Diagnosis:
    """Shows the two steps whose order most likely matters."""
    pair = _nearest_pair(record)
    if pair is None:
        return Diagnosis(
            WRONG_RESULT, "No step of one actor is seen to meet a step of another one."
        )
    first, second = (record.steps[index] for index in pair)
    return Diagnosis(
        "a race",
        f"Actor {first.actor} {_did(first)} on {record.place(first.filename, first.line)} before "
        f"actor {second.actor} {_did(second, first.label)} on "
        f"{record.place(second.filename, second.line)}. Does the code rely on the other order?",
        {pair[0]: "came first", pair[1]: "came second"},
    )


def _nearest_pair(record: Record) -> tuple[int, int] | None:
    """Finds the two steps closest to each other whose order can matter.

    They are accesses by different actors to one thing, and at least one of them changed it.
    """
    pairs = []
    for indices in by_thing(record.steps).values():
        for place, second in enumerate(indices):
            step = record.steps[second]
            for first in reversed(indices[:place]):
                other = record.steps[first]
                if other.actor != step.actor and overlap(other.label, step.label):
                    if changes(other) or changes(step):
                        pairs.append((first, second))
                    break
    return min(pairs, key=lambda pair: (pair[1] - pair[0], pair), default=None)


def _did(step: Step, known: str = "") -> str:
    """Says in the past tense what a step did."""
    label = "it" if step.label == known else step.label
    return f"{'changed' if changes(step) else 'read'} {label}"
