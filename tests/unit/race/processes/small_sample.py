"""A race that passes, importable in a spawned process; small, so that workers start fast."""

from __future__ import annotations

from multiprocessing.context import BaseContext
from typing import Any


class State:
    """A number, two locks, an event, and the path of a file that need not be there."""

    def __init__(self, context: Any, path: str) -> None:
        self.value = context.Value("i", 0)
        self.lock = context.Lock()
        self.other = context.RLock()
        self.event = context.Event()
        self.path = path


class Setup:
    """Makes states; picklable, unlike a closure."""

    def __init__(self, context: BaseContext, path: str = "") -> None:
        self.context = context
        self.path = path

    def __call__(self) -> State:
        return State(self.context, self.path)


def reset(state: State) -> None:
    state.value.value = 0


def add(state: State) -> None:
    with state.lock:
        state.value.value += 1
