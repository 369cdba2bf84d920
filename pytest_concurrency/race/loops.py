"""Names the runs that would never end, with the lines that they go round."""

from __future__ import annotations

from collections import Counter

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.readings import changes, overlap, reads, shown, source
from pytest_concurrency.race.recording import Record, Step

__all__ = ["name_endless"]

# How many of the last steps of an endless run tell the lines that it goes round.
_TAIL = 400


def name_endless(record: Record) -> Diagnosis:
    """Names the lines to which actors came again and again before their run was cut off.

    Args:
        record: The record of the run, or of its last part.

    Returns:
        `livelock` if actors react to each other, `endless loop`, or `endless run` if no loop shows.
    """
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
        f"Actor {actor} goes round and round on {_lines(record, places)}."
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
    if _react_to_each_other(tail, set(rounds)):
        sentences.append("Each reads what another one changes, and none gets anywhere.")
        return Diagnosis("livelock", " ".join(sentences), notes)
    if len(rounds) == 1:
        sentences += _never_changed(tail, *rounds.popitem())
    return Diagnosis("endless loop", " ".join(sentences), notes)


def _react_to_each_other(tail: tuple[Step, ...], actors: set[str]) -> bool:
    """Tells whether each of two or more actors reads what another one of them changes."""
    reading = {actor: {s.label for s in tail if s.actor == actor and reads(s)} for actor in actors}
    changing = {
        actor: {s.label for s in tail if s.actor == actor and changes(s)} for actor in actors
    }
    return len(actors) > 1 and all(
        any(reading[actor] & changing[other] for other in actors - {actor}) for actor in actors
    )


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


def _never_changed(tail: tuple[Step, ...], actor: str, places: list[tuple[str, int]]) -> list[str]:
    """Says what a loop looks at, if it is one thing only and stayed as it was."""
    seen = {
        (step.label, step.before or step.after)
        for step in tail
        if step.actor == actor and (step.filename, step.line) in places and reads(step)
    }
    if len(seen) != 1:
        return []
    label, value = seen.pop()
    if not value or any(changes(step) and overlap(step.label, label) for step in tail):
        return []
    return [f"All the time it read {label} = {shown(value)}, which nobody changed."]
