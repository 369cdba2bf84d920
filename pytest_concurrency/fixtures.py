"""Every fixture; thin, and documented for `pytest --fixtures`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_concurrency.options import START_METHODS

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

    from pytest_concurrency.children.runner import RunInProcess
    from pytest_concurrency.children.script import RunScript
    from pytest_concurrency.race.detector import Race


@pytest.fixture
def start_method(request: pytest.FixtureRequest) -> str:
    """Each start method in turn: fork, spawn and forkserver; runs the test once for each.

    Narrowed by the marker `start_method`, `--start-method`, PYTEST_CONCURRENCY_START_METHOD, the
    ini file, or by redefining this fixture. One that the platform lacks is skipped.
    """
    method = str(getattr(request, "param", START_METHODS[0]))
    from multiprocessing import get_all_start_methods

    if method not in get_all_start_methods():
        pytest.skip(f"start method {method!r} does not exist on this platform")
    return method


@pytest.fixture
def mp_context(start_method: str) -> BaseContext:
    """The multiprocessing context of `start_method`: Process, Pool, Queue, Manager, Lock, ..."""
    from multiprocessing import get_context

    return get_context(start_method)


@pytest.fixture
def run_in_process(mp_context: BaseContext, request: pytest.FixtureRequest) -> RunInProcess:
    """Call `run_in_process(function, *args)` in a child; returns its result or raises its error."""
    from pytest_concurrency.children.runner import RunInProcess
    from pytest_concurrency.session import current

    return RunInProcess(mp_context, current(request.config).folder)


@pytest.fixture
def run_script(start_method: str, request: pytest.FixtureRequest) -> RunScript:
    """Run a file or source as `__main__` in a fresh interpreter of that default start method."""
    from pytest_concurrency.children.script import RunScript
    from pytest_concurrency.session import current

    return RunScript(start_method, current(request.config).folder)


@pytest.fixture
def race(request: pytest.FixtureRequest) -> Iterator[Race]:
    """Find an interleaving that breaks code: `race.threads(a, b, setup=..., check=...)`."""
    from pytest_concurrency.races import note_results, race_of

    made = race_of(request)
    yield made
    note_results(request.node, made)
