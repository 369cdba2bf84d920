"""Gives a failing run its name: lost update, check-then-act, torn read, deadlock and so on.

It says what the recorded accesses show and no more; where they show no pattern, it says just that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_concurrency.race.readings import changes, overlap, reads, shown, source, waiting_for
from pytest_concurrency.race.conflicts import Conflict, conflicts, nearest_pair
from pytest_concurrency.race.recording import Crash, Record, Step, Wait

__all__ = ["Diagnosis", "diagnose"]

# How many of the last steps of an endless run tell the lines that it goes round.
_TAIL = 400


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong in a run.

    Attributes:
        name: Such as `lost update`, `deadlock` or, where no pattern shows, `a race`.
        text: What happened, in one to four plain sentences.
        notes: What each step of the conflict has to do with it, by its index.
    """

    name: str
    text: str
    notes: Mapping[int, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[int, ...]:
        """The indices of the steps that make the conflict, in order."""
        return tuple(sorted(self.notes))


def diagnose(record: Record) -> Diagnosis:
    """Names what went wrong in a failing run.

    Args:
        record: The record of the run.

    Returns:
        The name, the sentences, and the steps that make the conflict.
    """
    if record.waits:
        return _deadlock(record)
    if record.endless:
        return _endless(record)
    found = conflicts(record)
    if record.crashes:
        return _crash(record, record.crashes[0], found)
    if found:
        return _named(found[0])
    return _unnamed(record)


def _named(conflict: Conflict) -> Diagnosis:
    return Diagnosis(conflict.name, conflict.text, conflict.notes)


def _deadlock(record: Record) -> Diagnosis:
    """Follows who waits for whom until somebody is met again or waits for nobody."""
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
        signal = _missed_signal(record, wait)
        if signal is not None:
            return _lost_wakeup(record, wait, signal)
    return _nobody_left(record)


def _circle(record: Record, circle: list[Wait]) -> Diagnosis:
    notes: dict[int, str] = {}
    sentences = []
    for wait in circle:
        here = record.place(wait.filename, wait.line)
        what = f"Actor {wait.actor} waits {waiting_for(wait.label)} on {here}"
        if wait.holder == wait.actor:
            what += ", and holds it itself"
        elif not wait.label.startswith("Thread "):
            what += f", and actor {wait.holder} holds it"
        if wait.held_since and not wait.label.startswith("Thread "):
            what += f" since line {wait.held_since}"
        sentences.append(what + ".")
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


def _missed_signal(record: Record, wait: Wait) -> int | None:
    """Finds the last call that would have woken an actor, had it waited already."""
    if not wait.label.endswith("()"):
        return None
    target = wait.label.rpartition(".")[0]
    began = _last(record, wait.actor, "waits", wait.label)
    for index in reversed(range(len(record.steps) if began is None else began)):
        step = record.steps[index]
        if (
            step.operation.name in ("notify", "notify_all")
            and step.label.partition("(")[0] in (target, f"{target}.{step.operation.name}")
            and step.actor != wait.actor
        ):
            return index
    return None


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
        what = (
            f"Actor {wait.actor} waits {waiting_for(wait.label)} on "
            f"{record.place(wait.filename, wait.line)}"
        )
        if wait.holder and not wait.label.startswith("Thread "):
            what += f", and actor {wait.holder} holds it"
            if wait.held_since:
                what += f" since line {wait.held_since}"
            if all(other.actor != wait.holder for other in record.waits):
                what += " and has ended without releasing it"
            taken = _last(record, wait.holder, "takes", wait.label)
            if taken is not None:
                notes[taken] = "never released"
        sentences.append(what + ".")
        waiting = _last(record, wait.actor, "waits", wait.label)
        if waiting is not None:
            notes[waiting] = "waits for ever"
    sentences.append("Nobody is left who could wake them." if sentences[1:] else _ALONE)
    return Diagnosis("deadlock", " ".join(sentences), notes)


_ALONE = "Nobody is left who could wake it."


def _last(record: Record, actor: str, locks: str, label: str) -> int | None:
    """Returns the last operation of an actor on a lock."""
    for index in reversed(range(len(record.steps))):
        step = record.steps[index]
        if (step.actor, step.locks, step.label) == (actor, locks, label):
            return index
    return None


def _endless(record: Record) -> Diagnosis:
    """Names the lines to which each actor came again and again before the run was cut off."""
    start = max(0, len(record.steps) - _TAIL)
    tail = record.steps[start:]
    rounds: dict[str, list[tuple[str, int]]] = {}
    for (actor, filename, line), count in sorted(
        Counter((step.actor, step.filename, step.line) for step in tail).items()
    ):
        if count > 2:
            rounds.setdefault(actor, []).append((filename, line))
    if not rounds:
        return Diagnosis(
            "endless run",
            "The run was cut off at the step limit. Its last steps show no loop: is it only long?",
        )
    sentences = [
        f"Actor {actor} goes round {_lines(record, places)} and does not end."
        for actor, places in rounds.items()
    ]
    notes: dict[int, str] = {}
    for actor, places in rounds.items():
        for place in places:
            index = max(
                start + offset
                for offset, step in enumerate(tail)
                if (step.actor, (step.filename, step.line)) == (actor, place)
            )
            notes[index] = "and so on, without end"
    if len(rounds) > 1 and any(changes(step) for step in tail):
        sentences.append("Each keeps undoing or waiting for what the other does.")
        return Diagnosis("livelock", " ".join(sentences), notes)
    waited = _never_changed(tail)
    if waited:
        sentences.append(
            f"All the time it read {waited.label} = {shown(waited.before or waited.after)}, which "
            "nobody changed."
        )
    return Diagnosis("endless loop", " ".join(sentences), notes)


def _lines(record: Record, places: list[tuple[str, int]]) -> str:
    """Names some lines, with the source if it is only one."""
    if len(places) == 1:
        code = source(*places[0])
        return record.place(*places[0]) + (f" (`{code}`)" if code else "")
    numbers = [str(line) for _, line in places]
    if len({filename for filename, _ in places}) > 1:
        numbers = [record.place(*place) for place in places]
        return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    files = record.place(*places[-1]).removeprefix(f"line {numbers[-1]}")
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}{files}"


def _never_changed(tail: tuple[Step, ...]) -> Step | None:
    """Returns a read of something that stayed the same in all steps, if it is the only one."""
    labels = {step.label for step in tail if reads(step)}
    if len(labels) != 1 or any(changes(step) and step.label in labels for step in tail):
        return None
    return next(step for step in tail if reads(step))


def _crash(record: Record, crash: Crash, found: list[Conflict]) -> Diagnosis:
    """Names the conflict that explains an exception, or else the exception alone."""
    own = [index for index, step in enumerate(record.steps) if step.actor == crash.actor]
    failing = next((i for i in reversed(own) if record.steps[i].raised == crash.error), None)
    ended = f"Actor {crash.actor} ended with {shown(crash.error)} on "
    ended += f"{record.place(crash.filename, crash.line)}."
    for conflict in sorted(found, key=lambda each: each.victim != crash.actor):
        if _explains(record, conflict, own, failing):
            named = _named(conflict)
            if failing is not None and failing in conflict.notes:
                return named
            return Diagnosis(named.name, f"{named.text} {ended}", named.notes)
    notes = {} if failing is None else {failing: "here"}
    changed = _changed_by_another(record, own)
    if changed is not None:
        index, other = changed
        step = record.steps[other]
        notes[index] = notes.get(index) or "what it saw"
        notes[other] = f"actor {crash.actor} meets this"
        ended += (
            f" What it used, {record.steps[index].label}, was last changed by actor {step.actor} "
            f"on {record.place(step.filename, step.line)}."
        )
    return Diagnosis("exception in an actor", ended, notes)


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
    pair = nearest_pair(record)
    if pair is None:
        return Diagnosis(
            "wrong result", "No step of one actor is seen to meet a step of another one."
        )
    first, second = (record.steps[index] for index in pair)
    return Diagnosis(
        "a race",
        f"Actor {first.actor} {_did(first)} on {record.place(first.filename, first.line)} before "
        f"actor {second.actor} {_did(second, first.label)} on "
        f"{record.place(second.filename, second.line)}. Does the code rely on the other order?",
        {pair[0]: "came first", pair[1]: "came second"},
    )


def _did(step: Step, known: str = "") -> str:
    """Says in the past tense what a step did."""
    label = "it" if step.label == known else step.label
    return f"{'changed' if changes(step) else 'read'} {label}"
