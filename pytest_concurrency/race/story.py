"""Tells a failing run as text: one column per actor, source lines, what they read and wrote."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pytest_concurrency.race.diagnosis import Diagnosis
from pytest_concurrency.race.entries import Entry, entries_of
from pytest_concurrency.race.files import Files
from pytest_concurrency.race.recording import Record

__all__ = ["Line", "Story", "Style", "tell"]

Style = Literal["", "conflict", "heading", "dim"]

# Longer stories are cut; in lines.
_LONGEST = 40
# How many entries before and after the conflict stay in a story that is cut.
_NEAR = 3
_TOO_FAR = 4
_MOST_COLUMNS = 3
_NARROWEST_COLUMN = 30
_SEPARATOR = " | "


class Line(NamedTuple):
    """A line of a story.

    Args:
        text: Without a newline.
        style: How it can be shown.
    """

    text: str
    style: Style = ""


@dataclass(frozen=True)
class Story:
    """The explanation of a failing run; `str()` gives it as plain text.

    Attributes:
        lines: From top to bottom.
    """

    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return "\n".join(line.text for line in self.lines)


def tell(
    record: Record, diagnosis: Diagnosis, names: Mapping[str, str], *, width: int = 100
) -> Story:
    """Tells what happened in a run, in columns if there is room for one per actor.

    Args:
        record: The record of the run.
        diagnosis: What went wrong in it.
        names: What to call the actors, such as `Counter.increment`, by their paths.
        width: Of the terminal, in characters.

    Returns:
        The story.
    """
    entries = entries_of(record, diagnosis)
    actors = sorted({entry.actor for entry in entries}, key=_in_order)
    files = Files(entries)
    wide = (width - len(_SEPARATOR) * (len(actors) - 1)) // max(len(actors), 1)
    page: _Page
    if len(actors) <= _MOST_COLUMNS and wide >= _NARROWEST_COLUMN:
        page = _Columns(actors, names, files, wide)
    else:
        page = _OneColumn(actors, names, files, width)
    lines = [
        *(
            Line(text, "heading")
            for text in textwrap.wrap(
                f"{diagnosis.name}: {diagnosis.text}", width, break_on_hyphens=False
            )
        ),
        Line(""),
        *(Line(text, "dim") for text in files.heading()),
        *page.heading(),
    ]
    last_file: dict[str, str] = {}
    for part in _cut(entries, page):
        if isinstance(part, Counter):
            lines += page.gap(part)
            continue
        if files.several and part.filename and last_file.get(part.actor) != part.filename:
            lines.append(page.put(part.actor, f"{files.name(part.filename)}:", "dim"))
        last_file[part.actor] = part.filename
        lines += page.entry(part)
    return Story(tuple(Line(text.rstrip(), style) for text, style in lines))


def _in_order(path: str) -> list[int]:
    """Sorts the paths of actors by their numbers."""
    return [int(part) for part in path.split(".")]


class _Page:
    """Lays entries out on lines.

    Args:
        actors: Their paths, in order.
        names: What to call them.
        files: What the files are called.
        width: For one entry, in characters.
    """

    def __init__(
        self, actors: Sequence[str], names: Mapping[str, str], files: Files, width: int
    ) -> None:
        self.actors = actors
        self.names = names
        self.files = files
        self.width = width

    def heading(self) -> Iterator[Line]:
        """Gives the lines above the first entry."""
        raise NotImplementedError

    def put(self, actor: str, text: str, style: Style = "", *, first: bool = False) -> Line:
        """Puts a text where those of its actor belong; `first` if an entry begins with it."""
        raise NotImplementedError

    def entry(self, entry: Entry) -> list[Line]:
        """Gives the lines of an entry."""
        lines = []
        if entry.line:
            place = f"{entry.line:>{self.files.digits}}  "
            code = _shortened(place + entry.code, self.width)
            lines.append(self.put(entry.actor, code, first=True))
        for detail in entry.details:
            style: Style = "conflict" if detail.marked else ""
            note = f"<-- {detail.note}" if detail.note else ""
            indent = self.files.digits + 2
            together = f"{' ' * indent}{detail.text}  {note}".rstrip()
            if len(together) <= self.width:
                texts = [together]
            else:
                texts = self._wrapped(detail.text, indent) + self._wrapped(note, indent)
            for text in texts:
                lines.append(self.put(entry.actor, text, style, first=not lines))
        if entry.preempted_by:
            lines.append(self.preemption(entry))
        return lines

    def preemption(self, entry: Entry) -> Line:
        """Marks that an actor had to wait although it could have gone on."""
        other = f"actor {entry.preempted_by}"
        text = f"~~~ {other} goes on ~~~" if entry.awaits else f"~~~ preempted by {other} ~~~"
        return self.put(entry.actor, _shortened(text, self.width), "heading")

    def _wrapped(self, text: str, indent: int) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 4),
            break_on_hyphens=False,
        )

    def gap(self, left_out: Counter[str]) -> list[Line]:
        """Says how many steps are left out of whom."""
        raise NotImplementedError


class _Columns(_Page):
    """One column per actor, side by side."""

    def heading(self) -> Iterator[Line]:
        titles = [f"actor {path}: {self.names.get(path, '')}".rstrip(": ") for path in self.actors]
        yield self._row([_shortened(title, self.width) for title in titles], "heading")
        yield Line("-+-".join("-" * self.width for _ in self.actors), "dim")

    def put(self, actor: str, text: str, style: Style = "", *, first: bool = False) -> Line:
        return self._row([text if actor == each else "" for each in self.actors], style)

    def gap(self, left_out: Counter[str]) -> list[Line]:
        cells = [
            f"... {_counted(left_out[actor])} ..." if left_out[actor] else ""
            for actor in self.actors
        ]
        return [self._row(cells, "dim")]

    def _row(self, cells: list[str], style: Style) -> Line:
        return Line(_SEPARATOR.join(cell.ljust(self.width) for cell in cells), style)


class _OneColumn(_Page):
    """All below each other, with the actor at the left edge."""

    def __init__(
        self, actors: Sequence[str], names: Mapping[str, str], files: Files, width: int
    ) -> None:
        self.edge = max((len(f"actor {path}") for path in actors), default=0) + 2
        super().__init__(actors, names, files, max(width - self.edge, _NARROWEST_COLUMN))

    def heading(self) -> Iterator[Line]:
        alike: dict[str, list[str]] = {}
        for path in self.actors:
            alike.setdefault(self.names.get(path, ""), []).append(path)
        for name, paths in alike.items():
            title = f"actor{'s' * bool(paths[1:])} {', '.join(paths)}: {name}".rstrip(": ")
            yield Line(_shortened(title, self.width + self.edge), "heading")
        yield Line("-" * (self.width + self.edge), "dim")

    def put(self, actor: str, text: str, style: Style = "", *, first: bool = False) -> Line:
        name = f"actor {actor}" if first else ""
        return Line(name.ljust(self.edge) + text, style)

    def gap(self, left_out: Counter[str]) -> list[Line]:
        parts = [
            f"{_counted(count) if not place else count} of actor {actor}"
            for place, (actor, count) in enumerate(left_out.items())
        ]
        text = f"... {', '.join(parts)} ..."
        if len(text) > self.width:
            text = f"... {_counted(sum(left_out.values()))} of {len(left_out)} actors ..."
        return [Line(" " * self.edge + text, "dim")]


def _counted(count: int) -> str:
    return "1 more step" if count == 1 else f"{count} more steps"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _cut(entries: Sequence[Entry], page: _Page) -> Iterator[Entry | Counter[str]]:
    """Leaves out what is far from the conflict, if a story is too long.

    Yields:
        The entries that stay, and how many steps of whom are left out in between.
    """
    heights = [len(page.entry(entry)) for entry in entries]
    kept = set(range(len(entries)))
    if sum(heights) > _LONGEST:
        kept.clear()
        height = 0
        for index in _most_telling(entries):
            if entries[index].marked or height + heights[index] <= _LONGEST:
                kept.add(index)
                height += heights[index]
    left_out: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        if index not in kept:
            left_out[entry.actor] += entry.steps
            continue
        if left_out:
            yield left_out
            left_out = Counter()
        yield entry
    if left_out:
        yield left_out


def _most_telling(entries: Sequence[Entry]) -> list[int]:
    """Finds the conflict, the first entry of each actor, the preemptions, then what is near."""
    marked = [index for index, entry in enumerate(entries) if entry.marked]
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        first.setdefault(entry.actor, index)
    beside_preemption = {
        near
        for index, entry in enumerate(entries)
        if entry.preempted_by
        for near in (index, index + 1)
    }

    def weight(index: int) -> tuple[int, int, int]:
        distance = min((abs(index - each) for each in marked), default=len(entries) - index)
        if not distance:
            return 0, 0, index
        if index in first.values():
            return 1, distance, index
        if index in beside_preemption:
            return 2, distance, index
        return (3 if distance <= _NEAR else _TOO_FAR), distance, index

    order = sorted(range(len(entries)), key=weight)
    return [index for index in order if weight(index)[0] < _TOO_FAR]
