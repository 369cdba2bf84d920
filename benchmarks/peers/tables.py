"""What was measured, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BEGIN, END = "<!-- race_speed: begin -->", "<!-- race_speed: end -->"


@dataclass(frozen=True)
class Speed:
    """The speed of a tool used in one way, with one Python.

    Args:
        python: The version.
        tool: Its name.
        way: How it was used, in the table's words.
        rates: Schedules per second by program, one for each round.
        trouble: Why there is none.
    """

    python: str
    tool: str
    way: str
    rates: Mapping[str, Sequence[float]]
    trouble: str | None = None

    def median(self, program: str) -> float | None:
        """The median over the rounds; None without any."""
        rates = self.rates.get(program)
        return statistics.median(rates) if rates else None


@dataclass(frozen=True)
class Bug:
    """How long a tool took to find the bug of a program.

    Args:
        seconds: The median over the seeds, of the fastest way; infinite if above the limit.
        whole: The same with all that the tool does before it returns.
        trouble: Why the tool cannot express the program.
    """

    seconds: float
    whole: float
    trouble: str | None = None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table of Markdown, its first column to the left and the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def speeds_table(speeds: Sequence[Speed], programs: Sequence[str]) -> str:
    """Returns a row for each Python, tool and way; ratios are to the first row of a Python."""
    head = ["", *(text for program in programs for text in (program, "we are"))]
    reference: dict[str, Speed] = {}
    rows = []
    for speed in speeds:
        ours = reference.setdefault(speed.python, speed)
        row = [f"{speed.python}: {speed.tool}, {speed.way}"]
        for program in programs:
            rate, our_rate = speed.median(program), ours.median(program)
            row.append(f"{rate:,.0f}" if rate else speed.trouble or "")
            compared = rate and our_rate and speed is not ours
            row.append(f"{our_rate / rate:.1f} times" if compared and rate and our_rate else "")
        rows.append(row)
    return table(head, rows)


def bugs_table(bugs: Mapping[str, Mapping[str, Bug]], tools: Sequence[str], limit: float) -> str:
    """Returns a row for each program: the seconds of each tool, and who was first."""
    rows = []
    for program, by_tool in bugs.items():
        row = [program]
        for tool in tools:
            row.append(_cell(by_tool[tool], limit) if tool in by_tool else "")
        rows.append(row)
    return table(["", *tools], rows)


def _cell(bug: Bug, limit: float) -> str:
    if bug.trouble is not None:
        return bug.trouble
    if bug.seconds > limit:
        return f"> {limit:g}"
    if bug.whole > 1.05 * bug.seconds:
        return f"{bug.seconds:.4f} ({bug.whole:.4f})"
    return f"{bug.seconds:.4f}"


def summary(bugs: Mapping[str, Mapping[str, Bug]], tools: Sequence[str], limit: float) -> str:
    """Says in words how the first tool did against each of the others."""
    ours, *peers = tools
    lines = []
    for peer in peers:
        pairs = [
            (name, by_tool[ours].seconds, by_tool[peer].seconds)
            for name, by_tool in bugs.items()
            if by_tool[ours].trouble is None and by_tool[peer].trouble is None
        ]
        slower = [name for name, mine, theirs in pairs if mine > theirs]
        missed = sum(theirs > limit for _, _, theirs in pairs)
        lines.append(
            f"- {peer} expresses {len(pairs)} of {len(bugs)} programs, and misses the bug of "
            f"{missed}; it is faster to the bug than we are on {len(slower)}"
            + (f": {', '.join(slower)}." if slower else ".")
        )
    return "\n".join(lines)


def written(readme: str, text: str) -> str:
    """Returns a README with the text between the two markers.

    Raises:
        ValueError: The markers are not there.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks {BEGIN} or {END}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"
