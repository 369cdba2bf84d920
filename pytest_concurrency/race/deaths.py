"""Names the runs in which a process died: how, on which line, and which locks it took with it."""

from __future__ import annotations

from pytest_concurrency.errors import ChildDied
from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.recording import Death, Held, Record

__all__ = ["ActorDied", "name_death"]


class ActorDied(ChildDied):
    """The process of an actor died.

    Attributes:
        death: What is known of it.
    """

    def __init__(self, text: str, *, exitcode: int, death: Death) -> None:
        super().__init__(text, exitcode=exitcode)
        self.death = death


def name_death(record: Record, death: Death) -> Diagnosis:
    """Names a run that ended with the death of a process.

    Args:
        record: The record of the run; it may be empty.
        death: What is known of the death.

    Returns:
        `process died`, with the line, and what it leaves locked.
    """
    where = "before its first visible operation"
    if death.line:
        where = f"on {record.place(death.filename, death.line)}"
    sentences = [f"The process of actor {death.actor} died {where}: {death.how}."]
    sentences += [_leaves_locked(record, death.actor, held) for held in death.held]
    notes: dict[int, str] = {}
    for index, step in enumerate(record.steps):
        if step.actor == death.actor:
            for held in death.held:
                if (step.locks, step.label) == ("takes", held.label):
                    notes[index] = "never released"
    own = [index for index, step in enumerate(record.steps) if step.actor == death.actor]
    if own:
        last = own[-1]
        notes[last] = f"{notes[last]}: the process died" if last in notes else "the process died"
    return Diagnosis("process died", " ".join(sentences), notes)


def _leaves_locked(record: Record, actor: str, held: Held) -> str:
    place = record.place(held.filename, held.line) if held.line else ""
    if held.doing:
        text = f"It was in the middle of {held.label}.{held.doing}()" + (place and f" on {place}")
        if held.doing == "put":
            text += ", so that perhaps only a part of the item has arrived"
        text += f", and nobody can {held.doing} anything any more"
    else:
        taken = place and f", taken on {place}"
        text = f"It held {held.label}{taken}, which nobody can take any more"
    if held.waiting:
        verb = "wait" if held.waiting[1:] else "waits"
        text += f": {_actors(held.waiting)} {verb} for it, for ever"
    return text + "."


def _actors(paths: tuple[str, ...]) -> str:
    if len(paths) == 1:
        return f"actor {paths[0]}"
    return f"actors {', '.join(paths[:-1])} and {paths[-1]}"
