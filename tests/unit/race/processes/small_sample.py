"""A race that passes, importable in a spawned process; small, so that workers start fast."""

from __future__ import annotations

from multiprocessing.context import BaseContext
from typing import Any


class State:
    """A number, two locks and an event."""

    def __init__(self, context: Any) -> None:
        self.value = context.Value("i", 0)
        self.lock = context.Lock()
        self.other = context.RLock()


class Setup:
    """Makes states; picklable, unlike a closure."""

    def __init__(self, context: BaseContext) -> None:
        self.context = context

    def __call__(self) -> State:
        return State(self.context)


def reset(state: State) -> None:
    state.value.value = 0


def add(state: State) -> None:
    with state.lock:
        state.value.value += 1
