"""An oracle for the exhaustive strategy: a depth-first search that leaves nothing out."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from random import Random
from types import CodeType
from typing import Any

from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case, Runner
from pytest_concurrency.race.strategies.exhaustive import Exhaustive
from pytest_concurrency.race.strategies.in_order import InOrder
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile
from pytest_concurrency.race.strategies.walk import RandomWalk
from pytest_concurrency.race.threads import Scheduler

Actors = Sequence[Callable[[Any], object]]
Endings = set[str]


class TooLarge(Exception):
    """A program has more schedules than are to be run."""


class Everything:
    """Goes through all schedules, depth first, with no reduction and no bound."""

    name = "everything"

    def __init__(self) -> None:
        self.horizon = 0
        self._prefixes: list[list[str]] = [[]]

    @property
    def finished(self) -> bool:
        return not self._prefixes

    def begin(self, run: int, profile: Profile) -> None:
        self._prefix = self._prefixes.pop()
        self._chosen: list[str] = []

    def choose(self, decision: Decision) -> ActorView:
        self.horizon = decision.step + 1
        by_path = {each.path: each for each in decision.candidates}
        number = len(self._chosen)
        if number < len(self._prefix):
            chosen = by_path[self._prefix[number]]
        else:
            chosen, *others = by_path.values()
            self._prefixes += [[*self._chosen, other.path] for other in others]
        self._chosen.append(chosen.path)
        return chosen

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: it is asked again anyway."""

    def end(self) -> None:
        """Does nothing: nothing is counted."""


class Walks(RandomWalk):
    """So many random walks, to see whether one ends as no schedule of a search does."""

    def __init__(self, seed: int, walks: int) -> None:
        super().__init__(seed)
        self._left = walks

    @property
    def finished(self) -> bool:
        return not self._left

    def end(self) -> None:
        self._left -= 1


class _Without(Scope):
    """All code but this file's: the search is no part of what is searched."""

    def __contains__(self, code: CodeType) -> bool:
        return code.co_filename != __file__ and super().__contains__(code)


def endings(
    setup: Callable[[], Any],
    actors: Actors,
    observe: Callable[[Any], object],
    strategy: Everything | Exhaustive | Walks,
    most_runs: int = 20_000,
) -> Endings:
    """Returns how the runs of a search end: what is observed then, or how they fail.

    Raises:
        TooLarge: The search takes more runs.
    """
    found: Endings = set()
    with Scheduler(_Without()) as scheduler:
        scheduler.find_accesses(True)
        runner = Runner(Case(actors, setup, observe=observe), scheduler)
        runner.run(InOrder())
        runner.run(InOrder())
        scheduler.notes_acquires = False
        number = 0
        while not strategy.finished:
            number += 1
            if number > most_runs:
                raise TooLarge
            failure = runner.run(strategy, number)
            strategy.end()
            if scheduler.ending == "cut":
                continue
            if failure is None:
                found.add(repr(runner.outcome))
            else:
                found.add(f"{failure.kind} {type(failure.error).__name__}")
    return found


def kinds_of(actors: Actors) -> list[int]:
    """Tells which actors do the same, as the search does."""
    return [id(actor) for actor in actors]


def random_actors(
    random: Random, statements: Sequence[str], most_actors: int, most_statements: int, name: str
) -> tuple[list[Callable[[Any], object]], str]:
    """Writes actors of random statements; returns them and their source."""
    lines: list[str] = []
    count = random.randint(2, most_actors)
    for number in range(count):
        lines.append(f"def actor_{number}(s):")
        for statement in random.choices(statements, k=random.randint(1, most_statements)):
            lines += [f"    {line}" for line in statement.splitlines()]
    text = "\n".join(lines) + "\n"
    namespace: dict[str, Any] = {}
    exec(compile(text, name, "exec"), namespace)
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    return [namespace[f"actor_{number}"] for number in range(count)], text
