"""Hazards, fixes and facts: their markers, and how the tests that carry them are graded.

A hazard is a test that must fail, for a stated reason, under stated start methods. When it does, it
is reported as passed with the words `hazard shown`; when it does not, the run fails.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, TypedDict

import pytest

from pytest_concurrency.errors import message
from pytest_concurrency.markers import LESSONS
from pytest_concurrency.options import ANY_METHOD, START_METHOD, START_METHODS, parse

_NOT_A_FAILURE = (
    pytest.skip.Exception,
    pytest.xfail.Exception,
    pytest.exit.Exception,
    KeyboardInterrupt,
)


@dataclass(frozen=True)
class Hazard:
    """The arguments of a `hazard` marker, validated.

    Attributes:
        id: its name.
        raises: the exceptions it may fail with.
        match: a regular expression that the exception's text must contain.
        under: the start methods under which it fails.
        why: the reason, for the reader.
    """

    id: str
    raises: tuple[type[BaseException], ...]
    match: str | None
    under: tuple[str, ...]
    why: str

    def fails_under(self, method: str) -> bool:
        """Say whether the hazard shows under a start method."""
        return method == ANY_METHOD or method in self.under

    @property
    def expected(self) -> str:
        """The failure it must end with, in words."""
        names = " or ".join(kind.__qualname__ for kind in self.raises)
        return names + (f" matching {self.match!r}" if self.match else "")

    def is_shown_by(self, error: BaseException) -> bool:
        """Say whether this is the failure it must end with."""
        return isinstance(error, self.raises) and (
            self.match is None or re.search(self.match, text_of(error)) is not None
        )


class Grade(TypedDict):
    """What a report says of a marked test; plain data, since it crosses xdist.

    Keys:
        kind: hazard, fix or fact.
        id: which.
        method: the start method, or "any".
        shown: whether a hazard failed as it must.
        why: the reason a hazard fails for.
    """

    kind: str
    id: str
    method: str
    shown: bool
    why: str


_GRADE = pytest.StashKey[Grade]()
_OWNERS = pytest.StashKey[dict[tuple[str, str], str]]()


class HazardNotShown(AssertionError):
    """A hazard passed, or failed for another reason than the one stated."""


def read_hazard(item: pytest.Item) -> Hazard | None:
    """Read the `hazard` marker of a test.

    Returns:
        It, or None if the test is no hazard.

    Raises:
        pytest.UsageError: when the marker is used wrongly.
    """
    markers = list(item.iter_markers("hazard"))
    if not markers:
        return None
    name = _read_id(item, "hazard")
    arguments = dict(markers[0].kwargs)
    raises = arguments.pop("raises", AssertionError)
    match = arguments.pop("match", None)
    under = arguments.pop("under", START_METHODS)
    why = arguments.pop("why", "")
    if arguments:
        raise _wrong(
            f"hazard {name!r} has an unknown argument {', '.join(arguments)}; "
            "it takes raises, match, under and why"
        )
    kinds = raises if isinstance(raises, tuple) else (raises,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise _wrong(f"hazard {name!r} has raises={raises!r}, which is no exception type")
    if not kinds:
        raise _wrong(f"hazard {name!r} has raises=(), and so could never show")
    if match is not None:
        _check_pattern(name, match)
    if not isinstance(why, str):
        raise _wrong(f"hazard {name!r} has why={why!r}; it takes a sentence")
    names = under if isinstance(under, (tuple, list, set, frozenset)) else (under,)
    if "under" in markers[0].kwargs and method_of(item) == ANY_METHOD:
        raise _wrong(
            f"hazard {name!r} has under={under!r}, but the test does not use the fixture "
            "start_method (nor mp_context, run_in_process or run_script)"
        )
    return Hazard(name, kinds, match, parse(START_METHOD, names, f"under= of {name!r}"), why)


def grade_of(item: pytest.Item) -> Grade | None:
    """What the reports of a test will say; None for a test without one of the three markers."""
    for kind in LESSONS:
        if item.get_closest_marker(kind) is not None:
            return {
                "kind": kind,
                "id": _read_id(item, kind),
                "method": method_of(item),
                "shown": False,
                "why": "",
            }
    return None


def current_grade(item: pytest.Item) -> Grade | None:
    """The grade of a test whose markers have been checked."""
    return item.stash.get(_GRADE, None)


@contextmanager
def graded(item: pytest.Item, mode: str) -> Iterator[None]:
    """Grade the call of a hazard: in the block the test runs.

    Args:
        item: the test; one that is no hazard is left alone.
        mode: "expect": a failure that was promised is not raised; "fail": it is.

    Raises:
        HazardNotShown: when the test did not fail as promised.
    """
    hazard, grade = read_hazard(item), current_grade(item)
    if hazard is None or grade is None or not hazard.fails_under(grade["method"]):
        yield
        return
    try:
        yield
    except _NOT_A_FAILURE:
        raise
    except BaseException as error:
        grade["shown"], grade["why"] = hazard.is_shown_by(error), hazard.why
        if not grade["shown"]:
            raise not_shown(hazard, grade["method"], error) from error
        if mode == "fail":
            raise
        _forget(error)
    else:
        raise not_shown(hazard, grade["method"], None)


def _forget(error: BaseException) -> None:
    """Let go of a failure that was expected: pytest keeps the last one for `pdb.pm()`."""
    if getattr(sys, "last_value", None) is error:
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)


def note_owners(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Note which test function is the first with each marker and id."""
    first = config.stash.setdefault(_OWNERS, {})
    for item in items:
        with suppress(pytest.UsageError):
            grade = grade_of(item)
            if grade is not None:
                first.setdefault((grade["kind"], grade["id"]), function_of(item))


def method_of(item: pytest.Item) -> str:
    """The start method a test runs under, or "any" if it does not ask for one."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return str(parameters.get("start_method", ANY_METHOD))


def check_markers(item: pytest.Item) -> None:
    """Check the three markers of a test, and its place among the others.

    Args:
        item: the test.

    Raises:
        pytest.UsageError: when a marker is used wrongly, a name is used twice, or a hazard has no
            fix.
    """
    used = [kind for kind in LESSONS if item.get_closest_marker(kind) is not None]
    if len(used) > 1:
        raise _wrong(f"{item.name} is marked as {' and '.join(used)}; a test is one of them")
    grade = grade_of(item)
    if grade is None:
        return
    item.stash[_GRADE] = grade
    hazard = read_hazard(item)
    owner = item.config.stash.get(_OWNERS, {}).get((grade["kind"], grade["id"]), "")
    if grade["kind"] != "fix" and owner and owner != function_of(item):
        raise _wrong(
            f"{grade['kind']} {grade['id']!r} is there twice: {owner} and {function_of(item)}"
        )
    if hazard is not None and not list(fixes_of(hazard.id, item)):
        raise _wrong(
            f"hazard {hazard.id!r} has no fix",
            next_step=f'mark the test that shows the remedy with @pytest.mark.fix("{hazard.id}"), '
            "in the same file",
        )


def fixes_of(name: str, item: pytest.Item) -> Iterator[str]:
    """The names of the tests that are fixes of a hazard, in the file of a test.

    They are read from the module, not from the tests that were selected: a hazard that is run
    alone still has its fix.
    """
    module = getattr(item, "module", None)
    for function in _functions(module) if module is not None else ():
        for mark in _marks(function):
            if mark.name == "fix" and mark.args == (name,):
                yield function.__name__


def function_of(item: pytest.Item) -> str:
    """The node id of a test function, without its parameters."""
    return item.nodeid.partition("[")[0]


def not_shown(hazard: Hazard, method: str, error: BaseException | None) -> HazardNotShown:
    """Build the failure of a hazard that did not show.

    Args:
        hazard: which.
        method: the start method it ran under.
        error: what it failed with instead, if it failed.
    """
    place = "" if method == ANY_METHOD else f" under {method}"
    if error is None:
        text = message(
            f"hazard {hazard.id!r} did not show{place}: the test passed",
            evidence=f"it must fail with {hazard.expected}\nwhy: {hazard.why or 'not stated'}",
            cause="does the code no longer have the hazard, or does the test no longer provoke it?",
            next_step="if it shows under some start methods only, name them with under=(...)",
        )
    else:
        text = message(
            f"hazard {hazard.id!r} failed for another reason than stated{place}",
            evidence=f"it must fail with {hazard.expected}\n"
            f"it failed with     {type(error).__qualname__}: {_first_line(error)}",
            cause="is that the same hazard under another name, or a mistake in the test?",
            next_step="run it with --hazards=fail to see the whole failure",
        )
    return HazardNotShown(text)


def lesson(hazard: Hazard, item: pytest.Item) -> str:
    """What a learner reads below a failing hazard: why, and which test shows the remedy."""
    lines = [f"why: {hazard.why}"] if hazard.why else []
    lines += [f"fix: {name}" for name in fixes_of(hazard.id, item)]
    return "\n".join(lines)


def text_of(error: BaseException) -> str:
    """The text of an exception and of its notes, as `pytest.raises(match=)` sees it."""
    return "\n".join([str(error), *map(str, getattr(error, "__notes__", []))])


def _read_id(item: pytest.Item, kind: str) -> str:
    markers = list(item.iter_markers(kind))
    if len(markers) > 1:
        raise _wrong(f"{item.name} has {len(markers)} {kind} markers; a test has one")
    arguments = markers[0].args
    if len(arguments) != 1 or not isinstance(arguments[0], str) or not arguments[0].strip():
        raise _wrong(
            f"@pytest.mark.{kind} needs one id, and has {arguments or 'none'}",
            next_step=f'write @pytest.mark.{kind}("lost-update")',
        )
    if kind != "hazard" and markers[0].kwargs:
        raise _wrong(f"@pytest.mark.{kind} takes an id and nothing else")
    return arguments[0]


def _check_pattern(name: str, match: object) -> None:
    try:
        re.compile(match)  # type: ignore[call-overload]
    except (TypeError, re.error) as problem:
        raise _wrong(f"hazard {name!r} has match={match!r}: {problem}") from None


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in vars(module).values():
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type):
            yield from (entry for entry in vars(value).values() if isinstance(entry, FunctionType))


def _marks(function: FunctionType) -> list[Any]:
    marks = getattr(function, "pytestmark", [])
    return marks if isinstance(marks, list) else [marks]


def _first_line(error: BaseException) -> str:
    return (text_of(error).splitlines() or [""])[0]


def _wrong(what: str, next_step: str = "") -> pytest.UsageError:
    return pytest.UsageError(message(what, next_step=next_step))
