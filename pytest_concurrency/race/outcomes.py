"""The table of outcomes: what the runs of a race led to, how often, and whether that is allowed.

After jcstress, the Java concurrency stress tests of OpenJDK: an outcome that nobody declared is
forbidden, one that is interesting is shown and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Grade", "Grades", "Outcome", "Outcomes"]

Grade = Literal["acceptable", "interesting", "forbidden", "seen"]
Declared = Collection[Any] | Callable[[Any], object] | None

# So many different outcomes are kept; more would be a table that nobody reads.
_KEPT = 200
_WIDTH = 60


@dataclass(frozen=True)
class Grades:
    """What the user says of the outcomes: values, or a predicate for them.

    Args:
        acceptable: What may happen.
        interesting: What may happen and is worth knowing.
        forbidden: What must not happen.
    """

    acceptable: Declared = None
    interesting: Declared = None
    forbidden: Declared = None

    @property
    def declared(self) -> bool:
        """Whether anything was said."""
        return any(each is not None for each in (self.acceptable, self.interesting, self.forbidden))

    def of(self, value: Any) -> Grade:
        """Grades one outcome."""
        if _is_among(value, self.forbidden):
            return "forbidden"
        if _is_among(value, self.interesting):
            return "interesting"
        if _is_among(value, self.acceptable):
            return "acceptable"
        if not self.declared:
            return "seen"
        only_forbidden = self.acceptable is None and self.interesting is None
        return "acceptable" if only_forbidden else "forbidden"


def _is_among(value: Any, declared: Declared) -> bool:
    if declared is None:
        return False
    return bool(declared(value)) if callable(declared) else value in declared


@dataclass
class Outcome:
    """One row.

    Args:
        text: The `repr` of the value.
        grade: Whether it is allowed.
        count: How many runs led to it.
        token: A schedule that leads to it: the first one with the fewest preemptions.
        preemptions: How many that has.
    """

    text: str
    grade: Grade
    count: int = 0
    token: str = ""
    preemptions: int = 0


@dataclass
class Outcomes:
    """The rows, by the `repr` of the values.

    Args:
        grades: What the user says of them.

    Attributes:
        rows: One for each outcome seen.
        others: How many runs led to outcomes beyond those kept.
        exact: Whether every schedule was run, so that there are no other outcomes.
    """

    grades: Grades = Grades()
    rows: dict[str, Outcome] = field(default_factory=dict)
    others: int = 0
    exact: bool = False

    def note(self, value: Any, schedule: Callable[[], tuple[str, int]]) -> Outcome | None:
        """Counts an outcome.

        Args:
            value: What `observe` returned.
            schedule: Returns the token of the run and the number of its preemptions.

        Returns:
            Its row; None if there are too many.
        """
        text = repr(value)
        row = self.rows.get(text)
        if row is None:
            grade = self.grades.of(value)
            if len(self.rows) >= _KEPT and grade != "forbidden":
                self.others += 1
                return None
            row = self.rows[text] = Outcome(text, grade)
            row.token, row.preemptions = schedule()
        row.count += 1
        return row

    def __str__(self) -> str:
        if not self.rows:
            return ""
        total = sum(row.count for row in self.rows.values()) + self.others
        order = ("forbidden", "interesting", "acceptable", "seen")
        rows = sorted(self.rows.values(), key=lambda row: (order.index(row.grade), -row.count))
        cells = [("outcome", "grade", "runs", "share", "replay")]
        for row in rows:
            text = row.text if len(row.text) <= _WIDTH else row.text[: _WIDTH - 3] + "..."
            share = f"{row.count / total:.2%}"
            cells.append((text, row.grade, f"{row.count:,}", share, row.token))
        widths = [max(len(line[column]) for line in cells) for column in range(4)]
        lines = []
        for text, grade, runs, share, token in cells:
            line = f"{text:<{widths[0]}}  {grade:<{widths[1]}}  {runs:>{widths[2]}}"
            lines.append(f"{line}  {share:>{widths[3]}}  {token}".rstrip())
        if self.others:
            lines.append(f"and {self.others:,} runs with outcomes beyond the first {_KEPT}")
        if self.exact:
            lines.append("exact: every schedule was run, there is no other outcome")
        return "\n".join(lines)
