"""What a recorded step did to the things that actors share, and how that is said in words."""

from __future__ import annotations

import linecache
import re
from collections import defaultdict
from collections.abc import Sequence

from pytest_concurrency.race.recording import Record, Step

__all__ = [
    "by_thing",
    "changes",
    "decides",
    "overlap",
    "overwrites",
    "preemptions",
    "reads",
    "shown",
    "shown_error",
    "source",
    "thing",
    "waiting_for",
]

_STORES = frozenset(["write", "delete", "set-item", "delete-item"])
_OBJECT = re.compile(r"[^.\[\]]+#\d+")
_DECISION = re.compile(r"(if|elif|while|match)\b|.*\bif\b")
# Differs from run to run, and tells a reader nothing that the label does not.
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
# In characters.
_LONGEST_VALUE = 40
_LONGEST_ERROR = 120


def source(filename: str, line: int) -> str:
    """Returns a line of source without its indentation; empty if there is none."""
    return linecache.getline(filename, line).strip()


def reads(step: Step) -> bool:
    """Tells whether a step only looked at something that has a label."""
    return bool(step.label) and not step.locks and not changes(step) and _is_known(step)


def _is_known(step: Step) -> bool:
    """Tells whether it was seen that a step did nothing but look."""
    return not step.writes or bool(step.before or step.after)


def changes(step: Step) -> bool:
    """Tells whether a step is known to have changed something that has a label."""
    if step.locks or not step.label or not step.writes:
        return False
    return step.operation.kind in _STORES or step.before != step.after


def overwrites(step: Step) -> bool:
    """Tells whether a step put something in the place of what was there."""
    is_file = step.label.startswith("the file ")
    return step.operation.kind in ("write", "set-item") or (is_file and changes(step))


def decides(step: Step) -> bool:
    """Tells whether a step read something on a line that decides by it, such as an `if`."""
    code = source(step.filename, step.line).partition("#")[0]
    return reads(step) and bool(_DECISION.match(code))


def thing(label: str) -> str:
    """Returns the object that a label belongs to: `Counter#1` of `Counter#1.value`."""
    found = _OBJECT.match(label)
    return found.group() if found else label.partition("[")[0]


def overlap(label: str, other: str) -> bool:
    """Tells whether two labels name the same place, or one of them a part of the other."""
    if len(other) < len(label):
        label, other = other, label
    return bool(label) and other.startswith(label) and other[len(label) :][:1] in ("", ".", "[")


def by_thing(steps: Sequence[Step]) -> dict[str, list[int]]:
    """Returns the indices of the accesses to each object."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, step in enumerate(steps):
        if reads(step) or changes(step) or (step.label and step.raised):
            found[thing(step.label)].append(index)
    return found


def shown(value: str) -> str:
    """Shortens a value to what fits into a sentence, and is the same in every run."""
    return _within(_LONGEST_VALUE, _ADDRESS.sub("", value))


def shown_error(error: str) -> str:
    """Shortens an exception to its first line."""
    return _within(_LONGEST_ERROR, error.strip().partition("\n")[0])


def _within(longest: int, text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 3] + "..."


def waiting_for(label: str) -> str:
    """Says what an actor waits for, from its label."""
    if label.startswith("Thread "):
        return f"for {label.removeprefix('Thread ')} to end"
    return f"in {label}" if label.endswith(")") else f"for {label}"


def preemptions(record: Record) -> dict[int, str]:
    """Finds the steps after which an actor had to wait although it could have gone on.

    Returns:
        The path of the actor that went on instead, by the index of the step.
    """
    steps = record.steps
    last = {step.actor: index for index, step in enumerate(steps)}
    # Its last operation may be the one that it waits in, and not be recorded as a step.
    unfinished = {wait.actor for wait in record.waits}
    found = {}
    for index in range(len(steps) - 1):
        step, following = steps[index], steps[index + 1]
        if step.actor == following.actor or step.locks == "waits":
            continue
        if index < last[step.actor] or step.actor in unfinished:
            found[index] = following.actor
    return found
