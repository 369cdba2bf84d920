"""What the random programs of `test_exhaustive.py` work on."""

from __future__ import annotations

import collections
import queue
import threading
from typing import Any


class Slotted:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class State:
    shared: Any = 0

    def __init__(self) -> None:
        self.x: Any = 0
        self.y: Any = 0
        self.items: list[Any] = []
        self.alias = self.items
        self.table: dict[str, Any] = {"k": 0, "list": self.items, "nested": [self.items]}
        self.own = vars(self)
        self.deque = collections.deque([1])
        self.slotted = Slotted()
        self.lock = threading.Lock()
        self.rlock = threading.RLock()
        self.condition = threading.Condition(self.lock)
        self.semaphore = threading.Semaphore(1)
        self.event = threading.Event()
        self.queue: queue.Queue[Any] = queue.Queue()
        self.simple: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.numbers = iter([1, 2, 3])
        self.log: list[Any] = []
        State.shared = 0

    @property
    def hidden(self) -> Any:
        return self.x

    @hidden.setter
    def hidden(self, value: Any) -> None:
        self.x = value

    def is_empty(self) -> Any:
        return self.items

    def __getitem__(self, key: Any) -> Any:
        return self.y

    def __setitem__(self, key: Any, value: Any) -> None:
        self.y = value


def observe(state: State) -> object:
    queued = list(state.queue.queue)
    return (
        (state.x, state.y, state.items, state.alias, state.table, list(state.deque)),
        (state.slotted.value, queued, state.simple.qsize(), state.log, State.shared),
        (vars(state).get("extra"), state.lock.locked(), state.event.is_set()),
    )
