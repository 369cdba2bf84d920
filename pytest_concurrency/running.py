"""What happens around one test: what each hook of `plugin` that runs per test does.

It is loaded by the first test, so that collecting, and the controller of xdist, do without it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest

from pytest_concurrency import hazards, markers
from pytest_concurrency.errors import add_note
from pytest_concurrency.lessons import read_hazard
from pytest_concurrency.options import KEY as SETTINGS
from pytest_concurrency.pickling.notes import annotate
from pytest_concurrency.session import current

_FAILED = pytest.StashKey[bool]()


def set_up(item: pytest.Item) -> None:
    """Check the markers, and note what is there.

    Raises:
        pytest.fail.Exception: for a marker that is used wrongly.
    """
    current(item.config).leaks.begin()
    try:
        markers.chosen_start_methods(item)
        hazards.check_markers(item)
    except pytest.UsageError as mistake:
        pytest.fail(str(mistake), pytrace=False)
    hazard = read_hazard(item)
    if hazard is not None:
        # junit takes the properties from the report of the teardown
        item.user_properties += [("hazard", hazard.id), ("why", hazard.why)]


def call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the feeder threads, explain pickling errors, and grade a hazard."""
    __tracebackhide__ = True
    with hazards.graded(item, item.config.stash[SETTINGS].hazards):
        feeder = current(item.config).feeder
        feeder.begin()
        try:
            result = yield
        except BaseException as error:
            annotate(error)
            feeder.end(error)
            raise
        missed = feeder.end(None)
        if missed is not None:
            raise missed
        return result
    return None


def tear_down(item: pytest.Item) -> Generator[None, object, object]:
    """See what was left behind."""
    leaks = current(item.config).leaks
    try:
        result = yield
    except BaseException as error:
        add_note(error, leaks.end(item, failed=False))
        raise
    left = leaks.end(item, failed=item.stash.get(_FAILED, False))
    if left:
        pytest.fail(left, pytrace=False)
    return result


def make_report(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Explain pickling errors, and put the grade of a marked test into its report."""
    timeouts = sys.modules.get("pytest_concurrency.timeouts")
    if timeouts is not None:
        timeouts.calm_down(item)
    if call.excinfo is not None:
        annotate(call.excinfo.value)
    report = yield
    races = sys.modules.get("pytest_concurrency.races")
    if races is not None and call.excinfo is not None:
        report.longrepr = races.represented(report.longrepr, call.excinfo.value)
    if report.when == "setup":
        item.stash[_FAILED] = False
    item.stash[_FAILED] |= report.failed
    _complete(report, item)
    return report


def _complete(report: pytest.TestReport, item: pytest.Item) -> None:
    """Put into a report what the terminal, junit and xdist's controller need."""
    grade = hazards.current_grade(item)
    if grade is None:
        return
    setattr(report, markers.GRADE, grade)
    if grade["kind"] == "hazard" and report.when == "call" and not report.skipped:
        hazard = read_hazard(item)
        if hazard is not None:
            title = f"hazard {hazard.id}" + (" shown" if grade["shown"] else "")
            report.sections.append((title, hazards.lesson(hazard, item)))
