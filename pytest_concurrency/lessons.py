"""The markers of lessons, hazard, fix and fact: their arguments, read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from pytest_concurrency.errors import message
from pytest_concurrency.options import ANY_METHOD, START_METHOD, START_METHODS, parse


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
    name = read_id(item, "hazard")
    arguments = dict(markers[0].kwargs)
    raises = arguments.pop("raises", AssertionError)
    match = arguments.pop("match", None)
    under = arguments.pop("under", START_METHODS)
    why = arguments.pop("why", "")
    if arguments:
        raise wrong(
            f"hazard {name!r} has an unknown argument {', '.join(arguments)}; "
            "it takes raises, match, under and why"
        )
    kinds = raises if isinstance(raises, tuple) else (raises,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise wrong(f"hazard {name!r} has raises={raises!r}, which is no exception type")
    if not kinds:
        raise wrong(f"hazard {name!r} has raises=(), and so could never show")
    if match is not None:
        _check_pattern(name, match)
    if not isinstance(why, str):
        raise wrong(f"hazard {name!r} has why={why!r}; it takes a sentence")
    names = under if isinstance(under, (tuple, list, set, frozenset)) else (under,)
    if "under" in markers[0].kwargs and method_of(item) == ANY_METHOD:
        raise wrong(
            f"hazard {name!r} has under={under!r}, but the test does not use the fixture "
            "start_method (nor mp_context, run_in_process or run_script)"
        )
    return Hazard(name, kinds, match, parse(START_METHOD, names, f"under= of {name!r}"), why)


def method_of(item: pytest.Item) -> str:
    """The start method a test runs under, or "any" if it does not ask for one."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return str(parameters.get("start_method", ANY_METHOD))


def text_of(error: BaseException) -> str:
    """The text of an exception and of its notes, as `pytest.raises(match=)` sees it."""
    return "\n".join([str(error), *map(str, getattr(error, "__notes__", []))])


def read_id(item: pytest.Item, kind: str) -> str:
    """Read the id of a marker.

    Args:
        item: the test.
        kind: hazard, fix or fact; the test has one.

    Raises:
        pytest.UsageError: when there is more than one marker, or no id.
    """
    markers = list(item.iter_markers(kind))
    if len(markers) > 1:
        raise wrong(f"{item.name} has {len(markers)} {kind} markers; a test has one")
    arguments = markers[0].args
    if len(arguments) != 1 or not isinstance(arguments[0], str) or not arguments[0].strip():
        raise wrong(
            f"@pytest.mark.{kind} needs one id, and has {arguments or 'none'}",
            next_step=f'write @pytest.mark.{kind}("lost-update")',
        )
    if kind != "hazard" and markers[0].kwargs:
        raise wrong(f"@pytest.mark.{kind} takes an id and nothing else")
    return arguments[0]


def _check_pattern(name: str, match: object) -> None:
    try:
        re.compile(match)  # type: ignore[call-overload]
    except (TypeError, re.error) as problem:
        raise wrong(f"hazard {name!r} has match={match!r}: {problem}") from None


def wrong(what: str, next_step: str = "") -> pytest.UsageError:
    """The error of a marker that is used wrongly."""
    return pytest.UsageError(message(what, next_step=next_step))
