"""An operation on an attribute touches that attribute only if no code of the user's can run."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_concurrency.race.accesses import ANYTHING, Access, access_of
from pytest_concurrency.race.points.operands import Source
from pytest_concurrency.race.points.operations import Operation


class Plain:
    def __init__(self) -> None:
        self.total = 0


class Slotted:
    __slots__ = ("total",)


class WithMethod:
    def total(self) -> None: ...


class Reading(Plain):
    def __getattribute__(self, name: str) -> Any:
        return super().__getattribute__(name)


class Missing(Plain):
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Writing(Plain):
    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)


class Deleting(Plain):
    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)


class Setter:
    def __set__(self, owner: object, value: object) -> None: ...


class WithSetter:
    total = Setter()


class WithProperty:
    @property
    def total(self) -> int:
        return 0


class HiddenProperty(WithProperty):
    total = None  # type: ignore[assignment]  # hides the property of the base


def access(kind: str, owner: object) -> Access:
    """Returns what an operation on `owner.total` touches."""
    operation = Operation(kind, "total", "total", access.__code__, 0, 0)
    operation.operand = Source("local", "owner")
    return access_of(operation, sys._getframe())


@pytest.mark.parametrize("kind", ["write", "delete"])
@pytest.mark.parametrize("make", [Plain, Slotted, WithMethod, HiddenProperty])
def test_a_change_of_a_stored_attribute_touches_nothing_else(make: type, kind: str) -> None:
    owner = make()
    assert access(kind, owner) == Access((), ((id(owner), "total"),))


@pytest.mark.parametrize("kind", ["read", "write", "delete"])
@pytest.mark.parametrize("make", [Reading, Missing, Writing, Deleting, WithSetter, WithProperty])
def test_what_runs_code_of_the_users_may_touch_anything(make: type, kind: str) -> None:
    assert access(kind, make()) == ANYTHING
