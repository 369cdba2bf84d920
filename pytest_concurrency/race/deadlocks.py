"""Names the runs that cannot go on: a circle of waits, a lost wake-up, a lock never released."""

from __future__ import annotations

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.readings import waiting_for
from pytest_concurrency.race.recording import ROOM, Record, Wait

__all__ = ["name_deadlock"]


def name_deadlock(record: Record) -> Diagnosis:
    """Names a run in which everybody waits: it follows who waits for whom.

    Args:
        record: The record of the run; somebody waits.

    Returns:
        `deadlock` with the circle if there is one, or `lost wake-up` if a signal came too early.
    """
    waits = {wait.actor: wait for wait in record.waits}
    for start in waits:
        path: list[Wait] = []
        actor = start
        while actor in waits and waits[actor] not in path:
            path.append(waits[actor])
            actor = waits[actor].holder
        if path and actor == path[0].actor:
            return _circle(record, path)
    for wait in record.waits:
        if wait.label.startswith(ROOM):
            return _undrained(record, wait)
    for wait in record.waits:
        signal = _missed_signal(record, wait)
        if signal is not None:
            return _lost_wakeup(record, wait, signal)
    return _nobody_left(record)


def _undrained(record: Record, feeder: Wait) -> Diagnosis:
    """Names a process that cannot end, because of what it has put and nobody gets."""
    queue, owner = feeder.label.removeprefix(ROOM), feeder.actor.partition(".")[0]
    others = [each for each in record.waits if each.actor not in (feeder.actor, owner)]
    sentences = [
        f"The process of actor {owner} cannot end: the feeder thread of {queue}, actor "
        f"{feeder.actor}, waits for room in the pipe, and nobody gets what is in it.",
        *(f"{_waits(record, each)}{_held(each)}." for each in others),
        "A queue has to be drained before the processes that put into it are joined.",
    ]
    puts = [
        index
        for index, step in enumerate(record.steps)
        if step.actor == owner and step.label == queue and step.operation.name.startswith("put")
    ]
    notes = {puts[-1]: "returns before all of it is in the pipe"} if puts else {}
    return Diagnosis("deadlock", " ".join(sentences), notes)


def _circle(record: Record, circle: list[Wait]) -> Diagnosis:
    notes: dict[int, str] = {}
    sentences = []
    for wait in circle:
        sentences.append(_waits(record, wait) + _held(wait) + ".")
        taken = _last(record, wait.holder, "takes", wait.label)
        if taken is not None:
            notes[taken] = f"actor {wait.actor} will wait for this"
        waiting = _last(record, wait.actor, "waits", wait.label)
        if waiting is not None:
            notes[waiting] = "waits for ever"
    if len(circle) == 1:
        sentences.append("So it waits for itself, for ever.")
    elif len(circle) == 2:
        sentences.append("Each waits for the other, for ever.")
    else:
        sentences.append("They wait for each other in a circle, for ever.")
    return Diagnosis("deadlock", " ".join(sentences), notes)


def _waits(record: Record, wait: Wait) -> str:
    """Says who waits for what, and where if that is in the user's code."""
    what = f"Actor {wait.actor} waits {waiting_for(wait.label)}"
    return f"{what} on {record.place(wait.filename, wait.line)}" if wait.line else what


def _held(wait: Wait) -> str:
    """Says who holds what an actor waits for; empty if nobody is known to."""
    if not wait.holder or wait.label.startswith("Thread "):
        return ""
    who = "it" if wait.holder == wait.actor else f"actor {wait.holder}"
    if wait.held_since:
        return f", which {who} has held since line {wait.held_since}"
    return f", which {who} holds"


def _missed_signal(record: Record, wait: Wait) -> int | None:
    """Finds the last call that would have woken an actor, had it waited already.

    A call that found somebody else waiting was heard, and is not to blame.
    """
    if not wait.label.endswith("()"):
        return None
    target = wait.label.rpartition(".")[0]
    began = _last(record, wait.actor, "waits", wait.label)
    waiting: set[str] = set()
    missed = None
    for index, step in enumerate(record.steps[:began]):
        if step.label == wait.label:
            (waiting.add if step.locks == "waits" else waiting.discard)(step.actor)
        elif step.operation.name in ("notify", "notify_all") and step.label == target:
            missed = index if step.actor != wait.actor and not waiting else None
    return missed


def _lost_wakeup(record: Record, wait: Wait, signal: int) -> Diagnosis:
    step = record.steps[signal]
    notes = {signal: "nobody waits yet: this wakes nobody"}
    waiting = _last(record, wait.actor, "waits", wait.label)
    if waiting is not None:
        notes[waiting] = "waits for ever"
    return Diagnosis(
        "lost wake-up",
        f"Actor {step.actor} called {step.operation.name}() on "
        f"{record.place(step.filename, step.line)}, before actor {wait.actor} began to wait "
        f"{waiting_for(wait.label)} on {record.place(wait.filename, wait.line)}. A wake-up that "
        "nobody waits for is gone, and nobody is left who could send another one.",
        notes,
    )


def _nobody_left(record: Record) -> Diagnosis:
    notes: dict[int, str] = {}
    sentences = []
    for wait in record.waits:
        what = _waits(record, wait) + _held(wait)
        if _held(wait) and all(other.actor != wait.holder for other in record.waits):
            what += f"; actor {wait.holder} ended without releasing it"
            taken = _last(record, wait.holder, "takes", wait.label)
            if taken is not None:
                notes[taken] = "never released"
        sentences.append(what + ".")
        waiting = _last(record, wait.actor, "waits", wait.label)
        if waiting is not None:
            notes[waiting] = "waits for ever"
    sentences.append(f"Nobody is left who could wake {'them' if sentences[1:] else 'it'}.")
    return Diagnosis("deadlock", " ".join(sentences), notes)


def _last(record: Record, actor: str, locks: str, label: str) -> int | None:
    """Returns the last operation of an actor on a lock."""
    for index in reversed(range(len(record.steps))):
        step = record.steps[index]
        if (step.actor, step.locks, step.label) == (actor, locks, label):
            return index
    return None
