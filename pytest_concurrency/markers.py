"""The markers: what `pytest --markers` prints, and how their arguments are read."""

from __future__ import annotations

import pytest

from pytest_concurrency import fixtures
from pytest_concurrency.options import START_METHOD, parse

LINES = (
    "start_method(*names): run this test under these start methods only.",
    "hazard(id, *, raises=AssertionError, match=None, under=None, why=''): this test must fail, "
    "with that exception, under these start methods (all by default), and pass under the others.",
    "fix(id): this test shows the remedy of a hazard, and must pass.",
    "fact(id): this test shows something that simply holds.",
)


LESSONS = ("hazard", "fix", "fact")
GRADE = "concurrency_grade"  # the attribute of a report that says how a lesson went


def is_lesson(item: pytest.Item) -> bool:
    """Has a test one of the markers of lessons?"""
    return any(item.get_closest_marker(kind) is not None for kind in LESSONS)


def parametrize(metafunc: pytest.Metafunc, start_methods: tuple[str, ...]) -> None:
    """Run a test that uses our `start_method` fixture once under each start method.

    Args:
        metafunc: the test function.
        start_methods: those that the command line, environment and ini file ask for.
    """
    if "start_method" not in metafunc.fixturenames or _is_parametrized(metafunc):
        return
    # The only way to see whether the user has redefined the fixture.
    definition = metafunc._arg2fixturedefs["start_method"][-1]
    if not _is_ours(definition):
        return
    try:
        chosen = chosen_start_methods(metafunc.definition)
    except pytest.UsageError:
        chosen = None  # the setup of the test will say so
    metafunc.parametrize("start_method", chosen or start_methods, indirect=True)


def chosen_start_methods(item: pytest.Item) -> tuple[str, ...] | None:
    """The start methods named by the closest `start_method` marker of a test.

    Returns:
        Them, or None when there is no marker.

    Raises:
        pytest.UsageError: when the marker names none, or one that is not valid.
    """
    marker = item.get_closest_marker("start_method")
    if marker is None:
        return None
    source = "@pytest.mark.start_method"
    if marker.kwargs:
        raise pytest.UsageError(
            f"{source} takes no keyword argument, and has {', '.join(marker.kwargs)}; "
            'write @pytest.mark.start_method("spawn", "fork")'
        )
    return parse(START_METHOD, marker.args, source)


def _is_ours(definition: pytest.FixtureDef[object]) -> bool:
    return definition.func.__module__ == fixtures.__name__


def _is_parametrized(metafunc: pytest.Metafunc) -> bool:
    """Has the test a `parametrize` marker of its own for start_method?"""
    for marker in metafunc.definition.iter_markers("parametrize"):
        names = marker.args[0] if marker.args else marker.kwargs.get("argnames", ())
        listed = names.split(",") if isinstance(names, str) else names
        if "start_method" in [str(name).strip() for name in listed]:
            return True
    return False
