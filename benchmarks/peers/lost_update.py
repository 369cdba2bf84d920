"""The programs whose schedules per second are counted: actors that add to one counter.

Reading and writing stand on lines of their own, so that a tool which switches between lines only
sees the same visible operations, and finds the same bug, as one that switches within a line.
"""

from __future__ import annotations

from tests.corpus.shared import Shape


class Counter:
    """What is shared."""

    def __init__(self) -> None:
        self.value = 0


def family(actors: int, rounds: int) -> Shape[Counter]:
    """Returns a program of so many actors of `2 * rounds` visible operations each."""

    def add(counter: Counter) -> None:
        for _ in range(rounds):
            value = counter.value
            counter.value = value + 1

    def check(counter: Counter) -> bool:
        return counter.value == actors * rounds

    return Counter, (add,) * actors, check


SMALL, LARGE = "2 actors of 4", "4 actors of 40"
PROGRAMS = {SMALL: family(2, 2), LARGE: family(4, 20)}
"""By the number of actors and of the visible operations of each."""
