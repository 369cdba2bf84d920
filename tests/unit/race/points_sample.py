"""Source whose visible operations are written down in test_points.py, line by line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

TOTAL = 0
FIXED = 10


def helper(value: int) -> int:
    return value + 1


class Account:
    def __init__(self, limit: int) -> None:
        self.lock = threading.Lock()
        self.limit = limit
        self.balance = 0
        self.history: list[int] = []

    def deposit(self, amount: int) -> None:
        with self.lock:
            self.balance += amount

    def withdraw(self, amount: int) -> None:
        if self.balance >= amount and FIXED:
            self.balance = self.balance - helper(amount)
            self.history.append(amount)

    def clear(self) -> None:
        self.lock.acquire()
        try:
            del self.balance
        finally:
            self.lock.release()


def count() -> int:
    global TOTAL
    for _ in range(2):
        TOTAL += 1
    return TOTAL


def items(shared: dict[Any, Any], other: list[int]) -> bool:
    shared["a"] = shared["b"]
    shared["n"] += 1
    del shared["a"]
    shared[0:1] = other[1:2]
    return "c" in shared


def loops(shared: dict[str, int], factor: int) -> list[object]:
    found = [each * factor for each in shared]
    found += shared
    total = 0
    total += factor
    for key, value in shared.items():  # noqa: B007 - `key` is used after the loop
        total += value
    first, second = shared
    return [*shared, *(n for n in range(3)), {**other(shared)}, len(shared), first, second, key]


def other(shared: Any) -> Any:
    result = shared.update(
        one=1,
        two=shared.pop(
            "two",
            None,
        ),
    )
    if result is not None:
        raise ValueError("nothing")
    return shared


def closures(pool: Any) -> int:
    state = 0
    constant = 5

    def step() -> None:
        nonlocal state
        state += constant

    pool.submit(step, priority=1)
    pool.submit(*[step])
    return state


def nested(account: Account, lock: AbstractContextManager[Callable[..., object]]) -> None:
    with account.lock, lock as held:
        for _ in range(3):
            if account.balance:
                break
        held(None, None, None)


class Child(Account):
    def __init__(self, registry: list[Child]) -> None:
        super().__init__(1)
        registry.append(self)
        self.late = 1

    def read(self) -> int:
        return self.late + self.limit


FUNCTIONS = (
    Account.deposit,
    Account.withdraw,
    Account.clear,
    count,
    items,
    loops,
    other,
    closures,
    nested,
    Child.__init__,
    Child.read,
)
