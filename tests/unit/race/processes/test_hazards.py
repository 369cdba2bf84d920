"""What only processes do wrong is found, and named for what it is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from functools import partial
from multiprocessing.context import BaseContext
from typing import Any

import pytest

from pytest_concurrency import NotPicklable
from pytest_concurrency.race.detector import Race, RaceResult
from tests.unit.race.processes import hazards

METHODS = ("fork", "spawn", "forkserver")


def value(context: Any) -> Any:
    return context.Value("i", 0)


def two_values(context: Any) -> Any:
    return context.Array("i", 2)


def raced(
    method: str,
    *actors: Callable[[Any], object],
    setup: Callable[[BaseContext], Any] = value,
    check: Callable[[Any], object] | None = None,
) -> RaceResult:
    context = multiprocessing.get_context(method)
    race = Race(seed=1, raise_on_finding=False)
    return race.processes(*actors, setup=partial(setup, context), check=check, start_method=method)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_global_that_the_parent_changed(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hazards.configured, "limit", 5)
    result = raced(method, hazards.ignores_the_limit, check=lambda shared: shared.value == 5)
    assert result.finding is not None
    assert result.finding.name == "global that the process does not see"
    assert "{'limit': 5} in the parent, and {'limit': 1} in process 0" in unwrapped(result.story)
    assert "under fork it passes" in result.finding.elsewhere


def test_a_forked_process_sees_what_the_parent_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hazards.configured, "limit", 5)
    result = raced("fork", hazards.ignores_the_limit, check=lambda shared: shared.value == 5)
    assert result.finding is None


@pytest.mark.parametrize("method", METHODS)
def test_a_global_that_is_not_shared(method: str) -> None:
    result = raced(
        method, hazards.counts, hazards.counts, check=lambda shared: hazards.counter == 2
    )
    assert result.finding is not None
    assert result.finding.name == "global that is not shared"
    assert "Process 0 changed counter from 0 to 1" in unwrapped(result.story)


@pytest.mark.parametrize("method", METHODS)
def test_a_random_generator_in_the_same_state_twice(method: str) -> None:
    result = raced(
        method,
        hazards.draws_first,
        hazards.draws_second,
        setup=two_values,
        check=lambda drawn: drawn[0] != drawn[1],
    )
    assert result.finding is not None
    assert result.finding.name == "random state that is duplicated"


def test_a_lock_held_by_a_thread_of_the_parent() -> None:
    with hazards.lock:
        result = raced("fork", hazards.takes_the_lock)
    assert result.finding is not None
    assert result.finding.name == "lock held at the fork"
    assert result.finding.elsewhere == "under spawn and forkserver it passes"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_lock_of_the_fork_context_in_a_spawned_process(method: str) -> None:
    fork = multiprocessing.get_context("fork")
    race = Race(seed=1)
    with pytest.raises(NotPicklable, match="was made by the context of fork"):
        race.processes(hazards.takes_the_lock, setup=fork.Lock, start_method=method)


def test_a_lock_of_the_spawn_context_in_a_forked_process() -> None:
    spawn = multiprocessing.get_context("spawn")
    result = Race(seed=1).processes(
        hazards.ignores_the_limit, setup=partial(value, spawn), start_method="fork"
    )
    assert result.finding is None


def unwrapped(story: str) -> str:
    return " ".join(story.split())


@pytest.mark.parametrize("method", METHODS)
def test_a_state_that_nobody_shares(method: str) -> None:
    race = Race(seed=1)
    result = race.processes(
        hazards.appends, hazards.appends, setup=list, check=lambda items: True, start_method=method
    )
    assert result.evidence.sentence.startswith("nothing conflicted")


def test_stress_is_for_threads() -> None:
    with pytest.raises(ValueError, match="for threads only"):
        Race(seed=1, strategy="stress").processes(hazards.appends, setup=list)
