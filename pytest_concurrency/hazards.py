"""Hazards, fixes and facts: how the tests that are marked as such are checked and graded.

A hazard is a test that must fail, for a stated reason, under stated start methods. When it does, it
is reported as passed with the words `hazard shown`; when it does not, the run fails.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FunctionType, ModuleType
from typing import Any, TypedDict

import pytest

from pytest_concurrency.errors import message
from pytest_concurrency.lessons import Hazard, method_of, read_hazard, read_id, text_of, wrong
from pytest_concurrency.markers import LESSONS
from pytest_concurrency.options import ANY_METHOD

_NOT_A_FAILURE = (
    pytest.skip.Exception,
    pytest.xfail.Exception,
    pytest.exit.Exception,
    KeyboardInterrupt,
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


def grade_of(item: pytest.Item) -> Grade | None:
    """What the reports of a test will say; None for a test without one of the three markers."""
    for kind in LESSONS:
        if item.get_closest_marker(kind) is not None:
            return {
                "kind": kind,
                "id": read_id(item, kind),
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
        raise wrong(f"{item.name} is marked as {' and '.join(used)}; a test is one of them")
    grade = grade_of(item)
    if grade is None:
        return
    item.stash[_GRADE] = grade
    hazard = read_hazard(item)
    owner = item.config.stash.get(_OWNERS, {}).get((grade["kind"], grade["id"]), "")
    if grade["kind"] != "fix" and owner and owner != function_of(item):
        raise wrong(
            f"{grade['kind']} {grade['id']!r} is there twice: {owner} and {function_of(item)}"
        )
    if hazard is not None and not list(fixes_of(hazard.id, item)):
        raise wrong(
            f"hazard {hazard.id!r} has no fix",
            next_step=f'mark the test that shows the remedy with @pytest.mark.fix("{hazard.id}"), '
            "in the same file",
        )


def fixes_of(name: str, item: pytest.Item) -> Iterator[str]:
    """The node ids of the tests that are fixes of a hazard, in the file of a test.

    They are read from the module, not from the tests that were selected: a hazard that is run
    alone still has its fix.
    """
    module = getattr(item, "module", None)
    file = item.nodeid.partition("::")[0]
    for test, function in _functions(module) if module is not None else ():
        for mark in _marks(function):
            if mark.name == "fix" and mark.args == (name,):
                yield f"{file}::{test}"


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
            f"it failed with     {_seen(hazard, error)}",
            cause="is that the same hazard under another name, or a mistake in the test?",
            next_step="run it with --hazards=fail to see the whole failure",
        )
    return HazardNotShown(text)


def _seen(hazard: Hazard, error: BaseException) -> str:
    """Say what a hazard failed with instead; all of it if only the text is another."""
    name = type(error).__qualname__
    if not isinstance(error, hazard.raises):
        return f"{name}: {_first_line(error)}"
    return f"{name}, but nothing in its text matches:\n{text_of(error)}"


def lesson(hazard: Hazard, item: pytest.Item) -> str:
    """What a learner reads below a failing hazard: why, and which tests to run for the remedy."""
    lines = [f"why: {hazard.why}"] if hazard.why else []
    lines += [f"fix: {test}" for test in fixes_of(hazard.id, item)]
    return "\n".join(lines)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The functions of a module and of its classes, with their part of a node id."""
    for name, value in vars(module).items():
        if isinstance(value, FunctionType):
            yield name, value
        elif isinstance(value, type):
            for inner, entry in vars(value).items():
                if isinstance(entry, FunctionType):
                    yield f"{name}::{inner}", entry


def _marks(function: FunctionType) -> list[Any]:
    marks = getattr(function, "pytestmark", [])
    return marks if isinstance(marks, list) else [marks]


def _first_line(error: BaseException) -> str:
    return (text_of(error).splitlines() or [""])[0]
