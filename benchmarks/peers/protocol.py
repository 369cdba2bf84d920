"""What a worker is asked and what it answers: one JSON object on stdin, one on stdout.

A worker runs in the environment of its tool, where nothing else is installed: this file needs the
standard library and the corpus only.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peers import lost_update
from tests.corpus.programs import PROGRAMS
from tests.corpus.shared import Shape


@dataclass(frozen=True)
class Request:
    """One search by one tool.

    Args:
        program: An id of the corpus (`fail/counter`), or of `lost_update.PROGRAMS`.
        way: How the tool is to search, in words that its worker knows.
        seed: The seed of the search.
        runs: The most runs.
        seconds: The most seconds, which a tool may exceed by a run or a batch of them.
        through: Whether to go on whatever the program's check says, to measure the speed.
    """

    program: str
    way: str
    seed: int
    runs: int
    seconds: float
    through: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of it.

    Args:
        runs: The runs made.
        seconds: From asking the tool to having its result; its import and first use are not in it.
        to_first: The part of it until the first failing run was over; what follows explains it.
        found: What kind of bug, in the tool's words; None if all runs passed.
        first: The number of the run that failed first, from 1.
        trouble: Why the search was given up, in the tool's words.
    """

    runs: int
    seconds: float
    found: str | None = None
    first: int | None = None
    to_first: float | None = None
    trouble: str | None = None


class CheckFailed(AssertionError):
    """The program's `check` said no; for tools that ask for an exception then."""


class Counted:
    """A program whose runs are counted by its `setup`, for tools that do not tell them always.

    Args:
        request: Says which program, and whether its check has a say.
    """

    def __init__(self, request: Request) -> None:
        self._setup, self.actors, self._check = shape_of(request.program)
        self._through = request.through
        self.runs = 0

    def setup(self) -> Any:
        """Makes the state of one more run."""
        self.runs += 1
        return self._setup()

    def check(self, state: Any) -> bool:
        """Asks the program; one that is measured passes whatever it says."""
        return self._check(state) or self._through

    def answer(self, start: float, found: str | None = None) -> Answer:
        """Says what became of a search that has just ended, with the run that failed if any did.

        Args:
            start: When it began.
            found: What it found.
        """
        seconds = time.perf_counter() - start
        if found is None:
            return Answer(self.runs, seconds)
        return Answer(self.runs, seconds, found, self.runs, seconds)

    def given_up(self, start: float, trouble: str) -> Answer:
        """Says that a search ended without a result, and why."""
        return Answer(self.runs, time.perf_counter() - start, trouble=trouble)


def shape_of(program: str) -> Shape[Any]:
    """Returns `setup`, the actors and `check` of a program."""
    if program in lost_update.PROGRAMS:
        return lost_update.PROGRAMS[program]
    return PROGRAMS[program].load()


def serve(search: Callable[[Request], Answer]) -> None:
    """Answers the request on stdin.

    A first search of few runs is not measured: tools import and patch on first use, and the seconds
    to a bug are to be those of the search.

    Args:
        search: Does what a request says, with the tool of the environment.
    """
    request = Request(**json.loads(sys.stdin.read()))
    search(Request(lost_update.SMALL, request.way, seed=0, runs=3, seconds=1.0, through=True))
    print(json.dumps(dataclasses.asdict(search(request))))
