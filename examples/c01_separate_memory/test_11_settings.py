"""A test sets the precision of decimals and replaces a function, and the child knows nothing of it.

Settings made while the program runs are in its memory: the precision of decimals, the level of a
logger, a function that `monkeypatch` has replaced. A forked child has a copy of them. A child of
spawn or forkserver starts from nothing and has the defaults. So a test that is green under fork
can reach the real server under spawn, because its replacement stayed in the parent.

What a child is to know travels with it: as an argument, or to an initializer that makes the
settings again. A pool or an executor calls that first in each of its workers.

The environment is no safe way either. A spawned child gets it as it is. A fork server keeps what
it was started with, and its children have never heard of a variable that was set since.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_11_settings.py --hazards=fail
"""

from __future__ import annotations

import decimal
import logging
import os
import socket
from collections.abc import Iterator
from multiprocessing import forkserver
from typing import Any

import pytest

logger = logging.getLogger("shop")


def settings() -> str:
    digits = decimal.getcontext().prec
    level = logging.getLevelName(logger.getEffectiveLevel())
    server = "no server" if socket.gethostname() == "nowhere" else "the real server"
    return f"{digits} digits, messages from {level} on, {server}"


def configure() -> None:
    decimal.getcontext().prec = 5
    logger.setLevel(logging.DEBUG)
    socket.gethostname = lambda: "nowhere"


@pytest.fixture(autouse=True)
def _settings_are_restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(socket, "gethostname", socket.gethostname)
    level = logger.level
    with decimal.localcontext():
        yield
    logger.setLevel(level)


def ask_worker(mp_context: Any, function: Any, **pool_arguments: Any) -> Any:
    pool = mp_context.Pool(1, **pool_arguments)
    try:
        return pool.apply_async(function).get(timeout=30)
    finally:
        pool.close()
        pool.join()


@pytest.mark.hazard(
    "runtime-settings-not-inherited",
    match="the worker has 28 digits, messages from WARNING on, the real server",
    under=("spawn", "forkserver"),
    why="settings are in the memory of the process that made them, and only fork copies that",
)
def test_a_worker_has_the_settings_of_a_fresh_interpreter(mp_context: Any) -> None:
    configure()
    worker = ask_worker(mp_context, settings)
    assert worker == settings(), f"this process has {settings()}; the worker has {worker}"


@pytest.mark.fix("runtime-settings-not-inherited")
def test_an_initializer_makes_them_in_the_worker(mp_context: Any) -> None:
    configure()
    assert ask_worker(mp_context, settings, initializer=configure) == settings()


def test_a_variable_set_late_does_not_reach_the_children_of_a_running_fork_server(
    run_in_process: Any, start_method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forkserver.ensure_running()
    monkeypatch.setenv("SHOP_CURRENCY", "CHF")
    currency = run_in_process(os.getenv, "SHOP_CURRENCY")
    assert currency == (None if start_method == "forkserver" else "CHF")


# See also: c01_separate_memory/test_01_globals_not_shared.py, for the globals of a module.
