"""The patterns of accesses by which the common races are known.

Each is a short list of steps in which one actor comes between two accesses of another: the
unserialisable interleavings of S. Lu et al., "AVIO: Detecting Atomicity Violations via Access
Interleaving Invariants" (ASPLOS 2006), with what the source line tells of their meaning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from pytest_concurrency.race.readings import (
    by_thing,
    changes,
    decides,
    overlap,
    overwrites,
    reads,
    shown,
    shown_error,
    thing,
)
from pytest_concurrency.race.recording import Record, Step

__all__ = ["Conflict", "conflicts"]


class Conflict(NamedTuple):
    """Steps that fit a pattern.

    Args:
        rank: The lower, the more telling the pattern.
        gap: How many steps lie in between; the fewer, the more telling.
        name: Of the pattern.
        text: What happened, in sentences.
        notes: What each step has to do with it, by its index.
        victim: The actor that was disturbed.
        label: What the actors disagreed about.
    """

    rank: int
    gap: int
    name: str
    text: str
    notes: Mapping[int, str]
    victim: str
    label: str


def conflicts(record: Record) -> list[Conflict]:
    """Finds every place that fits a pattern, the most telling first.

    Args:
        record: The record of one run.
    """
    search = _Search(record)
    found = [
        *search.lost_updates(),
        *search.stale_decisions(),
        *search.torn_reads(),
        *search.changed_reads(),
    ]
    return sorted(found, key=lambda each: (each.rank, each.gap, min(each.notes)))


class _Search:
    """Looks through one record."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.steps = record.steps
        self.by_thing = by_thing(record.steps)

    def where(self, index: int) -> str:
        """Names the line of a step."""
        return self.record.place(self.steps[index].filename, self.steps[index].line)

    def gap(self, first: int, last: int) -> int:
        """Counts the steps of the actor of `first` between two of its steps."""
        actor = self.steps[first].actor
        return sum(step.actor == actor for step in self.steps[first + 1 : last])

    def across(self, first: int, last: int) -> tuple[str, dict[int, str]]:
        """Tells whether the actor of `first` awaited something between two of its steps.

        Returns:
            What to add to the name of the pattern, and a note for the await; both empty if not.
        """
        actor = self.steps[first].actor
        for index in range(first, last):
            step = self.steps[index]
            if step.actor == actor and step.operation.kind in ("await", "wait"):
                return " across an await", {index: "others can go on here"}
        return "", {}

    def disturbed(self) -> Iterator[tuple[int, int, int]]:
        """Finds a read, the last change by somebody else, and the next access by the reader."""
        for indices in self.by_thing.values():
            for place, act in enumerate(indices):
                step, change = self.steps[act], None
                for index in reversed(indices[:place]):
                    other = self.steps[index]
                    if not overlap(other.label, step.label):
                        continue
                    if other.actor == step.actor:
                        if change is not None and reads(other):
                            yield index, change, act
                        break
                    if change is None and changes(other):
                        change = index

    def lost_updates(self) -> Iterator[Conflict]:
        """A reads x, B writes x, A writes x from what it had read."""
        for read, write, act in self.disturbed():
            first, second, last = self.steps[read], self.steps[write], self.steps[act]
            if not overwrites(last) or decides(first):
                continue
            if first.label != second.label or second.label != last.label:
                continue
            label, me, other = last.label, first.actor, second.actor
            new = shown(second.after)
            across, notes = self.across(read, act)
            yield Conflict(
                0,
                self.gap(read, act),
                f"lost update{across}",
                f"Actor {me} read {label}{_equals(_seen(first))} on {self.where(read)}. Before it "
                f"wrote there itself, actor {other} wrote {new or 'another value'} on "
                f"{self.where(write)}. Actor {me} never saw that and wrote "
                f"{shown(last.after) or 'its own'} over it on {self.where(act)}: the update of "
                f"actor {other} is lost.",
                {
                    read: "will soon be out of date",
                    write: f"actor {me} never sees this",
                    act: f"overwrites the {new or 'value'} that actor {other} wrote on "
                    f"{self.where(write)}",
                    **notes,
                },
                me,
                label,
            )

    def stale_decisions(self) -> Iterator[Conflict]:
        """A reads x to decide, B changes x, A acts on what is no longer so."""
        for indices in self.by_thing.values():
            for place, check in enumerate(indices):
                step = self.steps[check]
                if decides(step):
                    found = self.act_on(step, indices[place + 1 :])
                    if found is not None:
                        yield self.stale_decision(check, *found)

    def act_on(self, check: Step, later: list[int]) -> tuple[int, int] | None:
        """Finds the change of what was checked, and what the actor did then."""
        change = None
        for place, index in enumerate(later):
            step = self.steps[index]
            if step.actor != check.actor:
                if change is None and changes(step) and overlap(step.label, check.label):
                    change = index
            elif decides(step) and overlap(step.label, check.label) and not step.raised:
                return None  # it looks again: that decision counts, not this one
            elif change is not None and (
                changes(step)
                or step.raised
                or (overlap(step.label, check.label) and step.line != check.line)
            ):
                return change, self.change_after(index, later[place + 1 :])
        return None

    def change_after(self, act: int, later: list[int]) -> int:
        """Returns the change for which an actor read once more, or the read if there is none."""
        step = self.steps[act]
        if changes(step) or step.raised:
            return act
        for index in later:
            other = self.steps[index]
            if other.actor != step.actor and changes(other):
                return act
            if other.actor == step.actor and (changes(other) or other.raised):
                return index
        return act

    def stale_decision(self, check: int, change: int, act: int) -> Conflict:
        first, second, last = self.steps[check], self.steps[change], self.steps[act]
        me, other = first.actor, second.actor
        what = "" if second.label == first.label else f" {second.label}"
        if second.operation.kind in ("delete", "delete-item"):
            made = f"deleted{what or ' it'}"
        elif second.after:
            made = f"made{what or ' it'} {shown(second.after)}"
        else:
            made = f"changed{what or ' it'}"
        result = f" and got {shown_error(last.raised)}" if last.raised else ""
        across, notes = self.across(check, act)
        return Conflict(
            0,
            self.gap(check, act),
            f"check-then-act{across}",
            f"Actor {me} looked at {first.label}{_equals(_seen(first))} on {self.where(check)} to "
            f"decide what to do. Before it acted, actor {other} {made} on {self.where(change)}. "
            f"Actor {me} then acted on the old answer on {self.where(act)}{result}.",
            {
                check: "decides by this",
                change: f"actor {me} has already decided",
                act: "acts on the old answer",
                **notes,
            },
            me,
            first.label,
        )

    def changed_reads(self) -> Iterator[Conflict]:
        """A reads x, B changes x, A reads x again and finds another value."""
        for read, change, again in self.disturbed():
            first, second, last = self.steps[read], self.steps[change], self.steps[again]
            if not reads(last) or first.operation == last.operation or first.label != last.label:
                continue
            if _seen(first) == _seen(last):
                continue
            me, other, label = first.actor, second.actor, first.label
            yield Conflict(
                2,
                self.gap(read, again),
                "unrepeatable read",
                f"Actor {me} read {label} twice and got two answers: {shown(_seen(first))} on "
                f"{self.where(read)}, {shown(_seen(last))} on {self.where(again)}. In between, "
                f"actor {other} changed it on {self.where(change)}.",
                {
                    read: "reads it the first time",
                    change: "changes it in between",
                    again: "reads it again: no longer the same",
                },
                me,
                label,
            )

    def torn_reads(self) -> Iterator[Conflict]:
        """A changes x and y, B sees the one new and the other old."""
        changed: dict[str, list[int]] = defaultdict(list)
        places: dict[str, list[int]] = defaultdict(list)
        for indices in self.by_thing.values():
            for index in indices:
                places[self.steps[index].label].append(index)
        for index, step in enumerate(self.steps):
            if changes(step) and step.before != step.after:
                changed[step.actor].append(index)
        for writer, indices in changed.items():
            for one, two in pairwise(indices):
                labels = self.steps[one].label, self.steps[two].label
                if overlap(*labels):
                    continue
                accesses = sorted(places[labels[0]] + places[labels[1]])
                readers = {self.steps[index].actor for index in accesses} - {writer}
                for reader in sorted(readers):
                    own = [i for i in accesses if self.steps[i].actor == reader]
                    for pair in pairwise(own):
                        found = self.torn_read(one, two, pair)
                        if found is not None:
                            yield found

    def belong_together(self, one: int, two: int) -> bool:
        """Tells whether two steps are on one object or in one function."""
        first, second = self.steps[one], self.steps[two]
        return (
            thing(first.label) == thing(second.label)
            or first.operation.code == second.operation.code
        )

    def torn_read(self, one: int, two: int, pair: tuple[int, int]) -> Conflict | None:
        """Tells of two accesses in a row whether they saw one change and not the other."""
        first, second = self.steps[one], self.steps[two]
        by_label = {self.steps[index].label: index for index in pair}
        if len(by_label) < 2 or not all(reads(self.steps[index]) for index in pair):
            return None
        if not self.belong_together(one, two) and not self.belong_together(*pair):
            return None
        of_one, of_two = by_label[first.label], by_label[second.label]
        if of_one > one and of_two < two:
            new, old, value_new, value_old = of_one, of_two, first.after, second.before
        elif of_one < one and of_two > two:
            new, old, value_new, value_old = of_two, of_one, second.after, first.before
        else:
            return None
        if (_seen(self.steps[new]), _seen(self.steps[old])) != (value_new, value_old):
            return None
        writer, reader = first.actor, self.steps[new].actor
        return Conflict(
            1,
            max(two, *pair) - min(one, *pair),
            "torn read",
            f"Actor {writer} changed {first.label} on {self.where(one)} and then {second.label} on "
            f"{self.where(two)}. Actor {reader} saw only one of these two changes: "
            f"{self.steps[new].label} was already {shown(value_new)}, "
            f"{self.steps[old].label} was still {shown(value_old)}.",
            {
                one: "the first half of the change",
                two: "the second half",
                new: "already the new value",
                old: "still the old value",
            },
            reader,
            first.label,
        )


def _seen(step: Step) -> str:
    """Returns the value that a step found."""
    return step.before or step.after


def _equals(value: str) -> str:
    return f" = {shown(value)}" if value else ""
