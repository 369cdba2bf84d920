"""Brackets are written where there is nothing to call, or forgotten where there is.

Three decorators of Python change what a name in a class is. `@staticmethod` makes a function that
knows neither object nor class, `@classmethod` one that gets the class, and `@property` none at all:
the function runs when the name is read. So `box.area()` calls what it returned, a number; and
since there is a function behind the name, it cannot be assigned to, unless one is made for that.

With a decorator of one's own it is the other way round. A context manager that also works as a
decorator, as `torch.no_grad()` does, is an object: it is made first, and `@quiet()` decorates.
`@quiet` hands the function to the class as if it were an argument.

    pytest -p pytest_concurrency examples/c10_*/test_04_property_and_context.py --hazards=fail
"""

from __future__ import annotations

import sys
from contextlib import ContextDecorator
from typing import Any

import pytest


class Box:
    sides = 2

    def __init__(self, width: int) -> None:
        self.width = width

    @staticmethod
    def unit() -> str:
        return "cm"

    @classmethod
    def with_sides(cls) -> int:
        return cls.sides

    @property
    def area(self) -> int:
        return int(self.width**self.sides)


class ResizableBox(Box):
    @property
    def area(self) -> int:
        return super().area

    @area.setter
    def area(self, area: int) -> None:
        self.width = int(area**0.5)


@pytest.mark.hazard(
    "static-class-property",
    raises=TypeError,
    match="'int' object is not callable",
    why="reading box.area runs the function already; the brackets call the 9 that it returned",
)
def test_a_property_is_not_called() -> None:
    box: Any = Box(3)
    assert box.area() == 9


@pytest.mark.fix("static-class-property")
def test_each_kind_is_used_its_own_way() -> None:
    assert Box.unit() == "cm"  # no object needed
    assert Box.with_sides() == 2  # the class is passed on its own
    assert Box(3).area == 9  # no brackets


@pytest.mark.fix("static-class-property")
def test_a_setter_makes_a_property_assignable() -> None:
    box: Any = Box(3)
    refusal = "has no setter" if sys.version_info >= (3, 11) else "can't set attribute"
    with pytest.raises(AttributeError, match=refusal):
        box.area = 16
    resizable = ResizableBox(3)
    resizable.area = 16
    assert (resizable.width, resizable.area) == (4, 16)


log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


class quiet(ContextDecorator):
    def __enter__(self) -> quiet:
        log.append("quiet")
        return self

    def __exit__(self, *_: object) -> None:
        log.append("loud again")


@pytest.mark.hazard(
    "context-decorator",
    raises=TypeError,
    match="takes no arguments",
    why="without brackets the function is passed to the class, instead of to an object of it",
)
def test_a_context_manager_decorates_only_after_it_is_made() -> None:
    @quiet  # type: ignore[call-arg]  # mypy tells of it, too
    def speak() -> None:
        log.append("speak")

    speak()  # type: ignore[call-arg]


@pytest.mark.fix("context-decorator")
def test_with_brackets_it_decorates_each_call() -> None:
    @quiet()
    def speak() -> None:
        log.append("speak")

    speak()
    speak()
    assert log == 2 * ["quiet", "speak", "loud again"]


@pytest.mark.fix("context-decorator")
def test_a_with_block_does_the_same_once() -> None:
    with quiet():
        log.append("speak")
    assert log == ["quiet", "speak", "loud again"]


# See also: c10_decorators_and_classes/test_01_decorator_returns_none.py, for other slips.
