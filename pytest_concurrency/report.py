"""What is printed beside the tests: header, words, sections and the table of hazards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_concurrency.markers import GRADE
from pytest_concurrency.options import ANY_METHOD, RACE_NOTE, START_METHODS, Settings

if TYPE_CHECKING:
    from pytest_concurrency.hazards import Grade


def header(settings: Settings, seed: int, verbose: bool) -> str:
    """The line of the report header: what is not as by default, or everything.

    Args:
        settings: what was asked for.
        seed: of races.
        verbose: whether to say everything.
    """
    values: dict[str, object] = {
        "start_method": ",".join(settings.start_methods),
        "hazards": settings.hazards,
        "leaks": settings.leaks or "error for children, warn for the rest",
        "race_runs": settings.race_runs or "as many as needed",
        "race_budget": f"{settings.race_budget:g} s" if settings.race_budget else "none",
        "race_strategy": settings.race_strategy or "enumerate or portfolio",
    }
    shown = [
        f"{name}={value}" + (f" ({settings.sources[name]})" if name in settings.sources else "")
        for name, value in values.items()
        if verbose or name in settings.sources
    ]
    shown.append(f"race_seed={seed} ({settings.sources.get('race_seed', 'drawn')})")
    return "concurrency: " + ", ".join(shown)


def grade_of_report(report: object) -> Grade | None:
    """The grade that a report carries, also after it has crossed xdist."""
    grade: Grade | None = getattr(report, GRADE, None)
    return grade


def status(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The letter and the word of a hazard that was shown; it counts as passed."""
    grade = grade_of_report(report)
    if report.when == "call" and report.passed and grade is not None and grade["shown"]:
        return "passed", "h", ("hazard shown", {"green": True})
    return None


class HazardTable:
    """Hazard by start method: shown and fixed; filled report by report."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, set[str]]] = {}
        self._fixes: dict[str, set[str]] = {}
        self._places: dict[str, tuple[str, int]] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take note of one test's call, or of its failing setup."""
        grade = grade_of_report(report)
        if grade is None or not (report.when == "call" or report.outcome != "passed"):
            return
        word = _word(grade, report)
        if grade["kind"] == "hazard":
            self._cells.setdefault(grade["id"], {}).setdefault(grade["method"], set()).add(word)
            self._places[grade["id"]] = (report.location[0], report.location[1] or 0)
        elif grade["kind"] == "fix":
            self._fixes.setdefault(grade["id"], set()).add(word)

    def __bool__(self) -> bool:
        return bool(self._cells)

    def lines(self) -> list[str]:
        """The table, one line a hazard, in the order of the files."""
        used = {method for cells in self._cells.values() for method in cells}
        methods = [method for method in (*START_METHODS, ANY_METHOD) if method in used]
        titles = ["hazard", *methods, "fix"]
        rows = [
            [name, *(_join(cells.get(method, ())) for method in methods), self._fix(name)]
            for name, cells in sorted(self._cells.items(), key=lambda row: self._places[row[0]])
        ]
        widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [titles, *rows]
        ]

    def summary(self) -> str:
        """One line that stands for the table."""
        words = [word for cells in self._cells.values() for word in cells.values()]
        shown = sum("shown" in word for word in words)
        count = len(self._cells)
        return (
            f"{count} hazard{'s' * (count != 1)}, shown in {shown} of {len(words)} places "
            "(hazard by start method; without -q a table)"
        )

    def _fix(self, name: str) -> str:
        return _join(self._fixes.get(name, ())) or "not run"


def _word(grade: Grade, report: pytest.TestReport) -> str:
    if report.outcome == "skipped":
        return "skipped"
    if grade["kind"] == "fix":
        return "fixed" if report.outcome == "passed" else "FAILED"
    if grade["shown"]:
        return "shown"
    return "passes" if report.outcome == "passed" else "FAILED"


def _join(words: Iterable[str]) -> str:
    return "/".join(sorted(words))


def write_summary(terminal: Any, table: HazardTable) -> None:
    """Write the table, or with -q one line, at the end of the run."""
    if not table:
        return
    if terminal.verbosity < 0:
        terminal.write_line(table.summary())
        return
    terminal.write_sep("=", "hazards")
    lines = table.lines()
    for line in lines:
        terminal.write_line(line)
    if any("passes" in line.split() for line in lines):
        terminal.write_line("passes: the hazard does not show there, as its page says")


class RaceNotes:
    """What must be known of races that did not fail; filled report by report."""

    def __init__(self) -> None:
        self._of_tests: dict[str, list[str]] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take note of what a test's races said; the report of its teardown has all of it."""
        notes = [str(text) for name, text in report.user_properties if name == RACE_NOTE]
        if notes:
            self._of_tests[report.nodeid] = notes

    def write(self, terminal: Any) -> None:
        """Write them at the end of the run."""
        terminal.write_sep("=", "races")
        for test, notes in self._of_tests.items():
            terminal.write_line(test)
            for line in "\n".join(notes).splitlines():
                terminal.write_line("  " + line)
