"""The shape of the programs for one kind of state: one that fails, and its fixed twin."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

import pytest

from pytest_concurrency.race import as_processes
from pytest_concurrency.race.detector import Race, RaceResult

METHODS = ("fork", "spawn", "forkserver")
RUNS_OF_A_TWIN = 30

Actor = Callable[[Any], object]


class Kind(NamedTuple):
    """A program that fails with a state of some kind, and its fixed twin.

    Args:
        setup: Makes the state, given a context.
        fails: The actors of the program that fails.
        fixed: Those of its twin.
        check: Tells whether the state is right in the end; None if only the actors can fail.
        name: What the finding is called.
        says: What its story says, white space aside.
    """

    setup: Callable[[Any], Any]
    fails: tuple[Actor, ...]
    fixed: tuple[Actor, ...]
    check: Callable[[Any], object] | None
    name: str
    says: tuple[str, ...]


def under_some_methods(kinds: Iterable[str]) -> pytest.MarkDecorator:
    """Parametrises over kinds of state: each under fork, every third one under each other method.

    What fails under fork is replayed under the others as well: see `assert_fails`.
    """
    pairs = [
        (kind, method)
        for number, kind in enumerate(kinds)
        for place, method in enumerate(METHODS)
        if method == "fork" or number % 3 == place
    ]
    return pytest.mark.parametrize(("kind", "method"), pairs)


def raced(kind: Kind, actors: tuple[Actor, ...], method: str, **asked: Any) -> RaceResult:
    """Searches for a race between these actors."""
    setup = partial(kind.setup, multiprocessing.get_context(method))
    race = Race(seed=1, raise_on_finding=False)
    # What is found under fork is replayed under the others; once is enough.
    others = mock.patch.object(as_processes, "elsewhere", return_value="")
    with contextlib.nullcontext() if method == "fork" else others:
        return race.processes(*actors, setup=setup, check=kind.check, start_method=method, **asked)


def assert_fails(kind: Kind, method: str) -> None:
    """Asserts that the bug is found and named."""
    result = raced(kind, kind.fails, method)
    assert result.finding is not None, str(result)
    assert result.finding.name == kind.name, str(result)
    if method == "fork":
        everywhere = "the same schedule fails under spawn and forkserver as well"
        assert result.finding.elsewhere == everywhere
    told = unwrapped(result.story)
    missing = [text for text in kind.says if text not in told]
    assert not missing, f"{missing} missing in\n{result.story}"


def assert_passes(kind: Kind, method: str) -> None:
    """Asserts that nothing is found in the fixed twin."""
    result = raced(kind, kind.fixed, method, runs=RUNS_OF_A_TWIN)
    assert result.finding is None, str(result)


def unwrapped(story: str) -> str:
    """Returns the sentences of a story with single spaces."""
    return " ".join(story.split())
