"""The table of outcomes: what the runs of a race led to, how often, and whether that is allowed.

After jcstress, the concurrency stress tests of OpenJDK: an outcome that nobody declared is
forbidden, and one that is interesting is shown and passes.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_concurrency.errors import message
from pytest_concurrency.race.schedule import Schedule

__all__ = ["Declared", "Grade", "Grades", "Outcome", "Outcomes"]

Grade = Literal["forbidden", "interesting", "acceptable", "seen"]
Declared = Collection[Any] | Callable[[Any], object] | None

_GRADES: tuple[Grade, ...] = ("forbidden", "interesting", "acceptable", "seen")
# So many different outcomes are kept and counted one by one, and so many of them are shown.
_KEPT = 1000
_SHOWN = 40
_WIDEST = 60
# These have their members in order; subclasses have a `repr` of their own.
_CONTAINERS = (dict, frozenset, list, set, tuple)
_DEEPEST = 20


@dataclass(frozen=True)
class Grades:
    """What the user says of the outcomes: values, or a predicate for them.

    Where several hold, the most severe one counts. If only `forbidden` is declared, all others are
    acceptable; otherwise what nobody declared is forbidden.

    Args:
        acceptable: What may happen.
        interesting: What may happen and is worth knowing.
        forbidden: What must not happen.

    Raises:
        TypeError: One of them is neither a collection of values nor a predicate.
    """

    acceptable: Declared = None
    interesting: Declared = None
    forbidden: Declared = None

    def __post_init__(self) -> None:
        for name in ("acceptable", "interesting", "forbidden"):
            given = getattr(self, name)
            if isinstance(given, Iterator):
                # It could be gone through only once.
                object.__setattr__(self, name, tuple(given))
            elif given is not None and (
                isinstance(given, (str, bytes))
                or not (isinstance(given, Container) or callable(given))
            ):
                raise TypeError(
                    message(
                        f"{name}={given!r} is neither a collection of outcomes nor a function",
                        next_step=f"write {name}=[{given!r}]",
                    )
                )

    @property
    def declared(self) -> bool:
        """Whether anything was said."""
        return any(each is not None for each in (self.acceptable, self.interesting, self.forbidden))

    @property
    def closed(self) -> bool:
        """Whether what nobody declared is forbidden."""
        return self.acceptable is not None or self.interesting is not None

    def of(self, value: object) -> Grade:
        """Grades one outcome."""
        if _is_among(value, self.forbidden):
            return "forbidden"
        if _is_among(value, self.interesting):
            return "interesting"
        if _is_among(value, self.acceptable):
            return "acceptable"
        if self.closed:
            return "forbidden"
        return "acceptable" if self.declared else "seen"


def _is_among(value: object, declared: Declared) -> bool:
    if declared is None:
        return False
    # An Enum class is both; what it contains is meant.
    if not isinstance(declared, Container):
        return bool(declared(value))
    try:
        return value in declared
    except TypeError:
        # A set cannot look for what is not hashable, such as a list.
        return any(value == each for each in declared)


@dataclass
class Outcome:
    """One row.

    Args:
        text: What is shown of the value.
        grade: Whether it is allowed.
        count: How many runs led to it.
        token: The first schedule that led to it; empty if it is not kept.
    """

    text: str
    grade: Grade
    count: int = 1
    token: str = ""


@dataclass
class Outcomes:
    """The rows. Values are told apart by text and grade, so that no object of the user is kept.

    Args:
        grades: What the user says of them.

    Attributes:
        exact: Whether every schedule was run, or one equivalent to it.
        others: How many runs led to outcomes beyond those kept, by grade.
    """

    grades: Grades = Grades()
    exact: bool = False
    others: Counter[Grade] = field(default_factory=Counter)
    _rows: dict[tuple[str, Grade], Outcome] = field(default_factory=dict)

    @property
    def rows(self) -> list[Outcome]:
        """The outcomes kept: the severest first, and among those the most frequent."""
        return sorted(
            self._rows.values(), key=lambda row: (_GRADES.index(row.grade), -row.count, row.text)
        )

    def note(self, value: object, schedule: Callable[[], Schedule]) -> Outcome:
        """Counts an outcome.

        Args:
            value: What `observe` returned.
            schedule: Returns the schedule of the run; asked only for an outcome that is new.

        Returns:
            Its row; one that is not kept if there are too many.
        """
        # Graded each time: two values that look alike may not be equal.
        text, grade = _text(value), self.grades.of(value)
        row = self._rows.get((text, grade))
        if row is not None:
            row.count += 1
        elif len(self._rows) < _KEPT:
            row = self._rows[text, grade] = Outcome(text, grade, token=schedule().token)
        else:
            self.others[grade] += 1
            row = Outcome(text, grade)
        return row

    def __str__(self) -> str:
        """The table; empty if there is no outcome."""
        rows = self.rows
        if not rows:
            return ""
        total = sum(row.count for row in rows) + sum(self.others.values())
        lines = [("outcome", "grade", "runs", "share", "replay")]
        lines += [
            (row.text, row.grade, f"{row.count:,}", _share(row.count, total), row.token)
            for row in rows[:_SHOWN]
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        return "\n".join(
            [
                f"{text:<{widths[0]}}  {grade:<{widths[1]}}  {count:>{widths[2]}}  "
                f"{share:>{widths[3]}}  {token}"
                for text, grade, count, share, token in lines
            ]
            + self._remarks(rows)
        )

    def _remarks(self, rows: list[Outcome]) -> list[str]:
        remarks = []
        hidden = rows[_SHOWN:]
        if hidden:
            counts: Counter[Grade] = Counter()
            for row in hidden:
                counts[row.grade] += row.count
            remarks.append(f"and {len(hidden):,} other outcomes in {_runs(counts)}")
        if self.others:
            remarks.append(f"and others beyond the first {_KEPT:,}, in {_runs(self.others)}")
        if self.grades.closed and (self.others["forbidden"] or rows[0].grade == "forbidden"):
            remarks.append("an outcome that nobody declared is forbidden")
        if self.exact:
            remarks.append("exact: every schedule was run, or one equivalent to it")
        return remarks


def _runs(counts: Counter[Grade]) -> str:
    total = sum(counts.values())
    parts = [f"{counts[grade]:,} {grade}" for grade in _GRADES if counts[grade]]
    return f"{total:,} {'run' if total == 1 else 'runs'} ({', '.join(parts)})"


def _share(count: int, total: int) -> str:
    """Returns a percentage that is neither 0 nor 100 unless the share is."""
    share = f"{count / total:.2%}"
    if share == "0.00%":
        return "<0.01%"
    return ">99.99%" if share == "100.00%" and count < total else share


def _text(value: object) -> str:
    text = _steady(value)
    if "\n" in text:
        text = " ".join(text.split())
    if len(text) > _WIDEST:
        # The checksum tells apart what begins alike.
        checksum = zlib.crc32(text.encode(errors="backslashreplace"))
        ending = f"... ({len(text):,} characters, {checksum:08x})"
        text = text[: _WIDEST - len(ending)] + ending
    return text


def _steady(value: object, inside: tuple[int, ...] = ()) -> str:
    """Returns a `repr` that is the same for equal sets and for equal dictionaries.

    The order of a set of texts differs from one process to the next, that of a dictionary with the
    schedule.

    Args:
        value: Anything.
        inside: The identities of the containers that it is in.
    """
    kind = type(value)
    if kind in _CONTAINERS and value and len(inside) < _DEEPEST:
        if id(value) in inside:
            return "..."
        inside += (id(value),)
        if isinstance(value, dict):
            pairs = [f"{_steady(k, inside)}: {_steady(v, inside)}" for k, v in value.items()]
            return "{" + _in_order(pairs) + "}"
        if isinstance(value, (set, frozenset)):
            text = "{" + _in_order(_steady(each, inside) for each in value) + "}"
            return text if kind is set else f"frozenset({text})"
        if isinstance(value, list):
            return "[" + ", ".join(_steady(each, inside) for each in value) + "]"
        if isinstance(value, tuple):
            comma = "," if len(value) == 1 else ""
            return "(" + ", ".join(_steady(each, inside) for each in value) + comma + ")"
    try:
        return repr(value)
    except Exception as error:
        return f"<{kind.__name__} whose repr raises {type(error).__name__}>"


def _in_order(pieces: Iterable[str]) -> str:
    return ", ".join(sorted(pieces, key=lambda piece: (len(piece), piece)))
