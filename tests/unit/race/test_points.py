"""The same source has the same visible operations on every Python, in the same order."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from tests.unit.race import points_sample as sample

FILE = sample.__file__

# (line, kind, name, subject); a golden one has the beginning of its line.
Seen = tuple[int, str, str, str]
Golden = tuple[str, str, str, str]


def operations_of(call: Callable[[], object]) -> list[Seen]:
    """Runs `call` in a thread that is watched, and returns (line, kind, name, subject) of each.

    Twice, because the first run may teach which names are stored; the second one is returned.
    """
    seen: list[Operation] = []
    errors: list[BaseException] = []
    points = points_for(Scope(), seen.append)

    def watched() -> None:
        points.watch_thread()
        try:
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            if sys.version_info < (3, 12):
                sys.settrace(None)

    points.start()
    try:
        for _ in range(2):
            seen.clear()
            thread = threading.Thread(target=watched)
            thread.start()
            thread.join(60)
            points.refresh()
    finally:
        points.stop()
    if errors:
        raise errors[0]
    first = [o for o in seen if o.code.co_filename == FILE]
    return [(o.line, o.kind, o.name, o.subject) for o in first]


def line_of(text: str) -> int:
    """Returns the line of the sample that begins with `text`."""
    with open(FILE, encoding="utf-8") as file:
        (line,) = [n for n, each in enumerate(file, 1) if each.strip().startswith(text)]
    return line


class Pool:
    def submit(self, step: Callable[[], object], priority: int = 0) -> None:
        step()


class Held:
    def __enter__(self) -> Callable[..., object]:
        return lambda *_: None

    def __exit__(self, *_: object) -> None:
        return None


def golden() -> dict[str, tuple[Callable[[], object], list[Golden]]]:
    """Returns a call and the operations it must show, for each part of the sample."""
    account = sample.Account(3)

    def withdraw() -> None:
        account.withdraw(0)
        account.balance = 0

    def clear() -> None:
        account.clear()
        account.balance = 0

    return {
        "a lock and an augmented attribute": (
            lambda: account.deposit(5),
            [
                ("with self.lock:", "enter", "", "lock"),
                ("self.balance += amount", "read", "balance", "balance"),
                ("self.balance += amount", "write", "balance", "balance"),
                ("with self.lock:", "exit", "", "lock"),
            ],
        ),
        "attributes, and calls of a helper and a list": (
            withdraw,
            [
                ("if self.balance >= amount", "read", "balance", "balance"),
                ("self.balance = self.balance - helper", "read", "balance", "balance"),
                ("self.balance = self.balance - helper", "write", "balance", "balance"),
                ("self.history.append(amount)", "call", "append", "history"),
            ],
        ),
        "acquire, release and del": (
            clear,
            [
                ("self.lock.acquire()", "call", "acquire", "lock"),
                ("del self.balance", "delete", "balance", "balance"),
                ("self.lock.release()", "call", "release", "lock"),
            ],
        ),
        "a global that is stored": (
            sample.count,
            [
                ("TOTAL += 1", "read", "TOTAL", "TOTAL"),
                ("TOTAL += 1", "write", "TOTAL", "TOTAL"),
                ("TOTAL += 1", "read", "TOTAL", "TOTAL"),
                ("TOTAL += 1", "write", "TOTAL", "TOTAL"),
                ("return TOTAL", "read", "TOTAL", "TOTAL"),
            ],
        ),
        "items and slices": (
            lambda: sample.items(Slices({"b": 1, "n": 2}), [1, 2]),
            [
                ('shared["a"] = shared["b"]', "get-item", "", "shared"),
                ('shared["a"] = shared["b"]', "set-item", "", "shared"),
                ('shared["n"] += 1', "get-item", "", "shared"),
                ('shared["n"] += 1', "set-item", "", "shared"),
                ('del shared["a"]', "delete-item", "", "shared"),
                ("shared[0:1] = other[1:2]", "get-item", "", "other"),
                ("shared[0:1] = other[1:2]", "set-item", "", "shared"),
                ('return "c" in shared', "contains", "", "shared"),
            ],
        ),
        "loops, comprehensions and unpacking": (
            lambda: sample.loops({"k": 1, "two": 2}, 2),
            [
                *[("found = [each * factor", "next", "", "shared")] * 3,
                ("found += shared", "in-place", "", "found"),
                ("for key, value in shared.items()", "call", "items", "shared"),
                *[("for key, value in shared.items()", "next", "", "items")] * 3,
                ("first, second = shared", "spread", "", "shared"),
                ("return [*shared", "spread", "", "shared"),
                ("result = shared.update(", "call", "pop", "shared"),
                ("result = shared.update(", "call", "update", "shared"),
                ("return [*shared", "call", "len", "len"),
            ],
        ),
        "cells": (
            lambda: sample.closures(Pool()),
            [
                ("state = 0", "write", "state", "state"),
                ("pool.submit(step, priority=1)", "call", "submit", "pool"),
                ("state += constant", "read", "state", "state"),
                ("state += constant", "write", "state", "state"),
                ("pool.submit(*[step])", "call", "submit", "pool"),
                ("state += constant", "read", "state", "state"),
                ("state += constant", "write", "state", "state"),
                ("return state", "read", "state", "state"),
            ],
        ),
        "two managers": (
            lambda: sample.nested(account, Held()),
            [
                ("with account.lock, lock as held:", "enter", "", "lock"),
                ("with account.lock, lock as held:", "enter", "", "lock"),
                *[("if account.balance:", "read", "balance", "balance")] * 3,
                ("held(None, None, None)", "call", "held", "held"),
                ("with account.lock, lock as held:", "exit", "", "lock"),
                ("with account.lock, lock as held:", "exit", "", "lock"),
            ],
        ),
        "self given away by __init__": (
            lambda: sample.Child([]),
            [
                ("super().__init__(1)", "call", "__init__", "super"),
                ("self.lock = threading.Lock()", "call", "Lock", "Lock"),
                ("self.balance = 0", "write", "balance", "balance"),
                ("registry.append(self)", "call", "append", "registry"),
                ("self.late = 1", "write", "late", "late"),
            ],
        ),
    }


class Slices(dict[Any, Any]):
    """A dict that takes slices, which none does."""

    def __setitem__(self, key: object, value: object) -> None:
        if not isinstance(key, slice):
            super().__setitem__(key, value)


@pytest.mark.parametrize("name", golden())
def test_every_python_sees_the_same_operations(name: str) -> None:
    call, expected = golden()[name]
    assert operations_of(call) == [(line_of(text), *rest) for text, *rest in expected]


def test_operations_behind_an_extended_argument_are_seen_once() -> None:
    source = "def fill(o):\n" + "".join(f"    o.a{n} = o.a{n}\n" for n in range(300))
    namespace: dict[str, Any] = {}
    exec(compile(source, FILE, "exec"), namespace)
    target = type("Target", (), {f"a{n}": n for n in range(300)})()
    seen = operations_of(lambda: namespace["fill"](target))
    assert [(kind, name) for _, kind, name, _ in seen] == [
        (kind, f"a{n}") for n in range(300) for kind in ("read", "write")
    ]
