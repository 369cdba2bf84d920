"""States that cannot be made, sent or loaded, importable in a spawned process."""

from __future__ import annotations

import multiprocessing
import os
import resource
from typing import Any, NoReturn


def _fail_to_load() -> NoReturn:
    raise RuntimeError("not here")


class Unloadable:
    """Pickles, and does not unpickle."""

    def __reduce__(self) -> Any:
        return _fail_to_load, ()


def use(state: object) -> None:
    pass


class Queues:
    """Makes states that need a few file descriptors each."""

    def __init__(self, method: str) -> None:
        self.context: Any = multiprocessing.get_context(method)

    def __call__(self) -> list[Any]:
        return [self.context.SimpleQueue() for _ in range(4)]


def put(state: list[Any]) -> None:
    state[0].put(1)


def run_with_few_descriptors(method: str, left: int, runs: int) -> str:
    """Runs a race in a process that can open few files; returns what came of it."""
    from pytest_concurrency.race.detector import Race

    if method == "forkserver":
        # It starts with files of its own.
        process = Queues(method).context.Process(target=use, args=(None,))
        process.start()
        process.join()
        process.close()
    limit = len(os.listdir("/proc/self/fd")) + left
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    try:
        result = Race(strategy="random", runs=runs).processes(
            put, put, setup=Queues(method), start_method=method
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "passed" if result.finding is None else str(result)
