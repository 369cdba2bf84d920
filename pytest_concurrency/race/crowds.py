"""More actors than makes sense: what they cost, and what they could show at most.

Of 105 concurrency bugs in four large programs, 101 needed no more than two threads: Lu, Park, Seo,
Zhou, Learning from Mistakes, ASPLOS 2008, section 5.
"""

from __future__ import annotations

from pytest_concurrency.errors import message

__all__ = ["check_crowd", "note_on_crowd"]

# A mistake is shown where the user made it.
__tracebackhide__ = True

# From so many on, a race whose search has taken so many seconds gets a note.
_CROWD = 9
_LONG = 2.0


def check_crowd(count: int, most: int) -> None:
    """Refuses more actors than there is room for.

    Args:
        count: How many were given.
        most: How many there can be.

    Raises:
        ValueError: There are more.
    """
    if count > most:
        raise ValueError(
            message(
                f"{count} actors are too many: race.processes() has room for {most}, the threads "
                "that they start included",
                cause="is it the number of repetitions that is meant? Each race repeats itself",
                next_step="give two or three: nearly every bug shows with two",
            )
        )


def note_on_crowd(count: int, runs: int, seconds: float) -> str:
    """Says what many actors have cost; empty if they are few, or if it was not much.

    Args:
        count: How many were given.
        runs: How many runs the search made.
        seconds: How long it took.
    """
    if count < _CROWD or seconds < _LONG:
        return ""
    return (
        f"{count} actors took {seconds:.0f} s for {runs:,} runs: nearly every bug shows with two "
        "or three, in a fraction of the time"
    )
