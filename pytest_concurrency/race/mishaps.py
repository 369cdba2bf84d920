"""Names what goes wrong with tasks only: nobody awaits them, looks at them, or lets them finish."""

from __future__ import annotations

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.readings import changes, overlap, shown, shown_error
from pytest_concurrency.race.recording import Record, Step, Unnoticed

__all__ = ["name_cancellation", "name_unfinished", "name_unnoticed"]

_CANCELLED = "CancelledError"


def name_unnoticed(record: Record) -> Diagnosis:
    """Names what went wrong without ending an actor that was given.

    Args:
        record: The record of the run; something did.
    """
    first = (record.unnoticed or record.unread)[0]
    where = f" on {record.place(first.filename, first.line)}" if first.filename else ""
    if first.kind == "unawaited":
        name = "coroutine never awaited"
        text = (
            f"Actor {first.actor} called {first.what}(){where} and did not await what that "
            f"returned. So {first.what} has not run at all. Is an `await` missing?"
        )
    elif first.kind == "unretrieved":
        name = "exception never retrieved"
        text = (
            f"Task {first.actor} ({first.what}) ended with {shown_error(first.error)}{where}. "
            "Nobody awaited it or asked for its exception, so it is lost, except for a line in the "
            "log when the task is collected. Should somebody keep the task and await it?"
        )
    elif first.kind == "uncancelled":
        name = "task that cannot be cancelled"
        text = (
            f"Task {first.actor} ({first.what}) was still there when the given actors had ended, "
            "was cancelled, and went on. `asyncio.run` would never return. Does it catch "
            "CancelledError, or BaseException, and not raise it again?"
        )
    else:
        name = "exception that nobody handles"
        ended = f": {shown_error(first.error)}{where}" if first.error else ""
        text = f"asyncio was left with what actor {first.actor} did, and only logs it: {first.what}"
        text += f"{ended}."
    notes = _notes_at(record, first)
    return Diagnosis(name, text, notes)


def _notes_at(record: Record, what: Unnoticed) -> dict[int, str]:
    """Marks the last step on the line that something came from."""
    words = {"unawaited": "makes a coroutine that nobody awaits"}
    for index in reversed(range(len(record.steps))):
        step = record.steps[index]
        if (step.actor, step.filename, step.line) == (what.actor, what.filename, what.line):
            return {index: words.get(what.kind, "the exception comes from here")}
    return {}


def name_unfinished(record: Record) -> Diagnosis | None:
    """Names a run in which tasks were cancelled because nobody had waited for them.

    Args:
        record: The record of the run.

    Returns:
        `task never awaited`, or None if every task had ended when the given actors had.
    """
    if not record.unfinished:
        return None
    several = len(record.unfinished) > 1
    they, them, were = ("they", "them", "were") if several else ("it", "it", "was")
    notes = {}
    for path in record.unfinished:
        last = _last_of(record, path)
        if last is not None:
            notes[last] = "never goes on: it is cancelled"
    return Diagnosis(
        "task never awaited",
        f"The given actors ended before task{'s' * several} {' and '.join(record.unfinished)}, "
        f"which nobody awaited. So {they} {were} cancelled, as `asyncio.run` does at its end, and "
        f"what {they} had still to do was never done. Should somebody keep {them} and await "
        f"{them}?",
        notes,
    )


def name_cancellation(record: Record) -> Diagnosis | None:
    """Names a run in which a task was cancelled at an await between two halves of a change.

    Args:
        record: The record of the run.

    Returns:
        The diagnosis; None if nobody was cancelled who had changed something before.
    """
    for index in reversed(range(len(record.steps))):
        step = record.steps[index]
        if step.raised != _CANCELLED or step.operation.kind not in ("await", "wait"):
            continue
        change = _change_before(record, index)
        if change is not None and not _mends(record, index, record.steps[change]):
            return _cancellation(record, change, index)
    return None


def _cancellation(record: Record, change: int, index: int) -> Diagnosis:
    changed, step = record.steps[change], record.steps[index]
    notes = {
        change: "the first half of the change",
        index: "cancelled here: the rest is never done",
    }
    by = ""
    for other in range(index + 1, len(record.steps)):
        cause = record.steps[other]
        if cause.actor == step.actor:
            break
        if cause.operation.name == "cancel":
            by = f" by actor {cause.actor} on {record.place(cause.filename, cause.line)}"
            notes[other] = f"cancels actor {step.actor}"
            break
    value = f" to {shown(changed.after)}" if changed.after else ""
    return Diagnosis(
        "cancellation in the middle of an update",
        f"Actor {step.actor} changed {changed.label}{value} on "
        f"{record.place(changed.filename, changed.line)} and was cancelled{by} at its await on "
        f"{record.place(step.filename, step.line)}. What it would have done after that was never "
        "done. Should the update be shielded, done without an await in between, or undone in a "
        "`finally`?",
        notes,
    )


def _change_before(record: Record, index: int) -> int | None:
    """Finds the last change of the actor that was cancelled."""
    actor = record.steps[index].actor
    for before in reversed(range(index)):
        step = record.steps[before]
        if step.actor == actor and changes(step):
            return before
    return None


def _mends(record: Record, index: int, changed: Step) -> bool:
    """Tells whether an actor changed the same thing again after it was cancelled."""
    return any(
        step.actor == changed.actor and changes(step) and overlap(step.label, changed.label)
        for step in record.steps[index + 1 :]
    )


def _last_of(record: Record, path: str) -> int | None:
    numbers = range(len(record.steps) - 1, -1, -1)
    return next((n for n in numbers if record.steps[n].actor == path), None)
