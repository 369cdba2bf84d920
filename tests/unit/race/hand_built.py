"""Builds steps by hand from the operations of real functions."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import FunctionType
from typing import cast

from pytest_concurrency.race.points.names import Names
from pytest_concurrency.race.points.operations import Operation, find_operations
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recording import Step

_SCOPE = Scope()
_NAMES = Names()
_found: dict[FunctionType, list[Operation]] = {}


def line_of(function: Callable[..., object], text: str) -> int:
    """Returns the line of a function that begins with `text`."""
    code = cast(FunctionType, function).__code__
    lines = linecache.getlines(code.co_filename)
    for number in range(code.co_firstlineno, len(lines) + 1):
        if lines[number - 1].strip().startswith(text):
            return number
    raise LookupError(f"no line of {function} begins with {text!r}")


def operation(function: Callable[..., object], text: str, kind: str, name: str = "") -> Operation:
    """Returns the visible operation of that kind on a line of a function."""
    plain = cast(FunctionType, function)
    if plain not in _found:
        _NAMES.learn(plain.__code__, plain.__globals__, _SCOPE)
        found = find_operations(plain.__code__, plain.__globals__, _NAMES, _SCOPE)
        _found[plain] = list(found.values())
    line = line_of(function, text)
    for each in _found[plain]:
        if (each.line, each.kind) == (line, kind) and name in ("", each.name):
            return each
    raise LookupError(f"{kind} is not on line {line}; there are {_found[plain]}")


class Actor:
    """Makes the steps of one actor.

    Args:
        path: Of the actor.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def does(
        self, function: Callable[..., object], text: str, kind: str, label: str = "", **rest: str
    ) -> Step:
        """Makes a step; `rest` are other fields of `Step`, and `name` of the operation."""
        found = operation(function, text, kind, rest.pop("name", ""))
        return Step(self.path, found, label, writes=found.writes, **rest)  # type: ignore[arg-type]

    def reads(
        self, function: Callable[..., object], text: str, label: str, value: str, kind: str = "read"
    ) -> Step:
        return self.does(function, text, kind, label, before=value)

    def writes(
        self, function: Callable[..., object], text: str, label: str, before: str, after: str
    ) -> Step:
        return self.does(function, text, "write", label, before=before, after=after)

    def locks(
        self, function: Callable[..., object], text: str, label: str, locks: str, kind: str = ""
    ) -> Step:
        kind = kind or ("exit" if locks == "releases" else "enter")
        return self.does(function, text, kind, label, locks=locks)
