"""What several programs of the corpus need: the shape of a program, and an atomic variable."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")

Shape = tuple[Callable[[], S], tuple[Callable[[S], object], ...], Callable[[S], bool]]
"""`setup`, the actors and `check`: what a family of programs makes from its parameters."""

TaskShape = tuple[
    Callable[[], S], tuple[Callable[[S], Coroutine[Any, Any, object]], ...], Callable[[S], bool]
]
"""The same of a program whose actors are asyncio tasks."""

ProcessShape = tuple[
    Callable[[BaseContext], S], tuple[Callable[[S], object], ...], Callable[[S], bool]
]
"""The same of a program whose actors are processes: the context is what locks are made by."""


def asserted_by_the_actors(state: object) -> bool:
    """The check of a program whose assertions are in its actors: there is nothing left to ask."""
    return True


class Atomic(Generic[T]):
    """A variable whose every operation is one step, as `std::atomic` is: a lock stands for it."""

    def __init__(self, value: T) -> None:
        self._lock = threading.Lock()
        self._value = value

    def load(self) -> T:
        with self._lock:
            return self._value

    def exchange(self, value: T) -> T:
        """Stores `value` and returns what was there."""
        with self._lock:
            before, self._value = self._value, value
            return before

    def compare_exchange(self, expected: T, value: T) -> bool:
        """Stores `value` if `expected` is there, and says whether it was."""
        with self._lock:
            if self._value != expected:
                return False
            self._value = value
            return True


class AtomicCounter(Atomic[int]):
    """An atomic integer that can be added to."""

    def add(self, amount: int) -> int:
        """Adds `amount` and returns the sum."""
        with self._lock:
            self._value += amount
            return self._value
