"""Groups the steps of a run into the entries of its story: a source line and what it did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from types import CodeType

from pytest_concurrency.race.diagnosis import Diagnosis
from pytest_concurrency.race.readings import preemptions, shown, shown_error, source, waiting_for
from pytest_concurrency.race.recording import Crash, Record, Step, Wait

__all__ = ["Detail", "Entry", "entries_of"]


@dataclass(frozen=True)
class Detail:
    """One thing that happened on a source line.

    Attributes:
        text: Such as `reads Counter#1.value = 0`.
        note: What it has to do with the conflict; empty if nothing.
        marked: Whether it is part of what went wrong.
    """

    text: str
    note: str = ""
    marked: bool = False


@dataclass
class Entry:
    """Some steps of one actor in a row on one source line.

    Attributes:
        actor: The path of the actor.
        filename: As code objects have it.
        line: From 1; 0 for the end of an actor, which has no line of its own.
        code: The source of the line.
        details: What happened there.
        steps: How many steps these were.
        preempted_by: The path of the actor that went on afterwards although this one could have;
            empty otherwise.
        awaits: Whether it had given way itself, by an await.
    """

    actor: str
    filename: str
    line: int
    code: str
    details: list[Detail] = field(default_factory=list)
    steps: int = 0
    preempted_by: str = ""
    awaits: bool = False

    @property
    def marked(self) -> bool:
        """Whether a part of what went wrong happened here."""
        return any(detail.marked for detail in self.details)


def entries_of(record: Record, diagnosis: Diagnosis) -> list[Entry]:
    """Groups the steps of a run by source line, up to the next switch.

    Args:
        record: The record of the run.
        diagnosis: What went wrong in it.

    Returns:
        The entries in the order in which they happened.
    """
    return _Grouping(record, diagnosis).entries


class _Grouping:
    """Goes through a record once, and remembers where each actor is and who holds which lock."""

    def __init__(self, record: Record, diagnosis: Diagnosis) -> None:
        self.record = record
        self.diagnosis = diagnosis
        self.entries: list[Entry] = []
        self.reached: dict[tuple[str, CodeType], tuple[int, int, str]] = {}
        self.owners: dict[str, list[Step]] = defaultdict(list)
        self.last = {step.actor: index for index, step in enumerate(record.steps)}
        self.raised = {self.raised_at(crash): crash for crash in record.crashes}
        untold = [crash for crash in record.crashes if self.raised_at(crash) is None]
        switches = preemptions(record)
        for index, step in enumerate(record.steps):
            entry = self.entry_for(index, step)
            entry.steps += 1
            entry.details += self.details(index, step)
            entry.preempted_by = switches.get(index, "")
            entry.awaits = step.operation.kind == "await"
            self.count_lock(step)
            if index == self.last[step.actor]:
                self.entries += [self.ending(each) for each in untold if each.actor == step.actor]
        self.entries += [self.ending(each) for each in untold if each.actor not in self.last]
        for wait in record.waits:
            if not self.is_told(wait):
                self.entries.append(self.waiting(wait))

    def entry_for(self, index: int, step: Step) -> Entry:
        """Returns the entry that a step belongs to, a new one if need be."""
        line, offset, locks = self.reached.get((step.actor, step.operation.code), (0, 0, ""))
        # A smaller offset is the next round of a loop.
        goes_on = line == step.line and (
            offset < step.operation.offset or (offset == step.operation.offset and locks == "waits")
        )
        self.reached[step.actor, step.operation.code] = (
            step.line,
            step.operation.offset,
            step.locks,
        )
        if goes_on and index and self.record.steps[index - 1].actor == step.actor:
            entry = self.entries[-1]
            if (entry.actor, entry.filename, entry.line) == (step.actor, step.filename, line):
                return entry
        code = source(step.filename, step.line)
        if step.operation.kind == "exit" and code:
            code = f"(end of) {code}"
        elif goes_on and code:
            code = f"(goes on) {code}"
        self.entries.append(Entry(step.actor, step.filename, step.line, code))
        return self.entries[-1]

    def details(self, index: int, step: Step) -> list[Detail]:
        """Says what a step did, and what it ended with."""
        marked = index in self.diagnosis.notes
        crash = self.raised.get(index)
        found = [Detail(self.text(index, step), marked=marked)]
        if step.raised:
            found.append(Detail(f"raises {shown_error(step.raised)}", marked=marked or bool(crash)))
        if marked:
            found[-1] = replace(found[-1], note=self.diagnosis.notes[index])
        if crash is not None and crash.error != step.raised:
            found.append(Detail(f"raises {shown_error(crash.error)}", marked=True))
        return [detail for detail in found if detail.text or detail.note]

    def text(self, index: int, step: Step) -> str:
        """Says what a step did."""
        if step.locks:
            return self.lock_text(index, step)
        return _access_text(step)

    def lock_text(self, index: int, step: Step) -> str:
        """Says what a step did to a lock, or what it waited for."""
        if step.locks == "waits":
            wait = next(
                (
                    wait
                    for wait in self.record.waits
                    if wait.actor == step.actor and index == self.last[step.actor]
                ),
                None,
            )
            if wait is not None:
                return _wait_text(wait)
            owners = self.owners[step.label]
            held = ""
            if len(owners) == 1:
                held = f", held by actor {owners[0].actor} since line {owners[0].line}"
            return f"waits {waiting_for(step.label)}{held}" if step.label else "waits for a time"
        if step.locks == "gives up":
            return f"gives up to wait {waiting_for(step.label)}: the time is up"
        if step.locks == "takes" and _is_no_lock(step.label):
            return f"goes on: the wait {waiting_for(step.label)} is over"
        return f"{step.locks} {step.label}"

    def count_lock(self, step: Step) -> None:
        """Remembers who holds what."""
        owners = self.owners[step.label]
        if step.locks == "takes" and not _is_no_lock(step.label):
            owners.append(step)
        elif step.locks == "releases" and owners:
            mine = [owner for owner in owners if owner.actor == step.actor]
            owners.remove(mine[-1] if mine else owners[-1])

    def raised_at(self, crash: Crash) -> int | None:
        """Finds the step after which an actor raised what ended it; None if none is known to be it.

        It is the last one on that line, if nothing but the ends of `with` blocks came after it.
        """
        for index in reversed(range(len(self.record.steps))):
            step = self.record.steps[index]
            if step.actor != crash.actor:
                continue
            if (step.filename, step.line) == (crash.filename, crash.line):
                return index
            if step.raised == crash.error:
                return index
            if step.operation.kind != "exit":
                break
        return None

    def ending(self, crash: Crash) -> Entry:
        """Tells of an exception of which no step is known to have raised it."""
        told = Detail(f"ends with {shown_error(crash.error)}", marked=True)
        raised = Detail(f"raised on {self.record.place(crash.filename, crash.line)}:", marked=True)
        code = source(crash.filename, crash.line)
        details = [told, raised, Detail(f"  {code}", marked=True)] if code else [told, raised]
        return Entry(crash.actor, crash.filename, 0, "", details)

    def is_told(self, wait: Wait) -> bool:
        """Whether the last step of an actor tells already that it waits."""
        last = self.last.get(wait.actor)
        return last is not None and self.record.steps[last].locks == "waits"

    def waiting(self, wait: Wait) -> Entry:
        """Tells of a wait that is not recorded as a step."""
        code = source(wait.filename, wait.line)
        detail = Detail(_wait_text(wait), "waits for ever", True)
        return Entry(wait.actor, wait.filename, wait.line, code, [detail])


def _wait_text(wait: Wait) -> str:
    text = f"waits {waiting_for(wait.label)}"
    if not wait.holder or wait.label.startswith("Thread "):
        return text
    who = "this same actor" if wait.holder == wait.actor else f"actor {wait.holder}"
    since = f" since line {wait.held_since}" if wait.held_since else ""
    return f"{text}, held by {who}{since}"


def _is_no_lock(label: str) -> bool:
    """Tells whether nobody holds afterwards what was waited for, such as the end of a thread."""
    return label.endswith(")") or label.startswith("Thread ")


def _access_text(step: Step) -> str:
    """Says what a step read or wrote; empty if it is not known to what."""
    operation = step.operation
    if operation.kind == "await":
        return "awaits"
    before, after = shown(step.before), shown(step.after)
    label = step.label or operation.name or operation.subject.strip("[]()")
    was = f" (was {before})" if before else ""
    if not label:
        return ""
    if operation.kind == "call":
        return _call_text(step, before, after)
    if operation.kind in ("enter", "exit") and before == after:
        return f"{'enters' if operation.kind == 'enter' else 'leaves'} {label}"
    if step.raised:
        return f"{'tries to change' if step.writes else 'reads'} {label}"
    if operation.kind in ("delete", "delete-item"):
        return f"deletes {label}{was}"
    if operation.kind in ("write", "set-item", "in-place", "exit"):
        return f"writes {label}{f' = {after}' if after else ''}{was}"
    value = before or after
    return f"reads {label}{f' = {value}' if value else ''}"


def _call_text(step: Step, before: str, after: str) -> str:
    """Says what a call did to the object that it belongs to."""
    label, name = step.label, step.operation.name
    value = before or after
    if not (label and name):
        return f"calls {label or name}()"
    if not value:
        is_function = step.operation.subject == name
        return f"calls {name}() with {label}" if is_function else f"calls {label}.{name}()"
    if step.raised:
        return f"calls {name}() of {label} = {value}"
    if step.writes and before != after:
        was = f" (was {before})" if before else ""
        return f"{name}() makes {label} = {after}{was}"
    return f"{name}() reads {label} = {value}"
