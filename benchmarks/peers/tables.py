"""What was measured, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST_TROUBLE = 160
NOTHING = "none"
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
    first_of: dict[str, Speed] = {}
    rows, troubles = [], {}
    for speed in speeds:
        ours = first_of.setdefault(speed.python, speed)
        row = [f"{speed.python} {speed.tool}, {speed.way}"]
        for program in programs:
            rate, our_rate = speed.median(program), ours.median(program)
            is_peer = speed.tool != ours.tool
            faster = f"{our_rate / rate:.1f} times" if is_peer and rate and our_rate else ""
            row += [f"{rate:,.0f}" if rate else NOTHING, faster]
        rows.append(row)
        if speed.trouble is not None:
            troubles[f"{speed.python} {speed.tool}"] = speed.trouble
    head = ["", *(text for program in programs for text in (program, "we are faster"))]
    notes = [f"- {of}: {shortened(trouble)}" for of, trouble in troubles.items()]
    return "\n".join([table(head, rows), *(["", *notes] if notes else [])])


def bugs_table(bugs: Mapping[str, Mapping[str, Bug]], tools: Sequence[str], limit: float) -> str:
    """Returns a row for each program with the seconds of each tool, and why some have none."""
    rows = []
    troubles: dict[tuple[str, str], list[str]] = {}
    for program, by_tool in bugs.items():
        rows.append([program, *(seconds_of(by_tool[tool], limit) for tool in tools)])
        for tool in tools:
            trouble = by_tool[tool].trouble
            if trouble is not None:
                troubles.setdefault((tool, shortened(trouble)), []).append(program)
    notes = [f"- {tool}, {', '.join(on)}: {text}" for (tool, text), on in troubles.items()]
    return "\n".join([table(["", *tools], rows), *(["", *notes] if notes else [])])


def seconds_of(bug: Bug, limit: float) -> str:
    """Returns the seconds, with those of all work in brackets if they are more."""
    if bug.trouble is not None:
        return NOTHING
    if bug.seconds > limit:
        return f"> {limit:g}"
    if bug.whole > 1.05 * bug.seconds:
        return f"{bug.seconds:.4f} ({bug.whole:.4f})"
    return f"{bug.seconds:.4f}"


def shortened(trouble: str) -> str:
    """Returns the beginning of what a tool said, on one line."""
    line = " ".join(trouble.split())
    return line if len(line) <= LONGEST_TROUBLE else f"{line[:LONGEST_TROUBLE]} ..."


def summary(bugs: Mapping[str, Mapping[str, Bug]], tools: Sequence[str], limit: float) -> str:
    """Says in words how the first tool did against each of the others."""
    ours, *peers = tools
    lines = []
    for peer in peers:
        expressed = {
            name: (by_tool[ours].seconds, by_tool[peer].seconds)
            for name, by_tool in bugs.items()
            if by_tool[peer].trouble is None
        }
        missed = sum(theirs > limit for _, theirs in expressed.values())
        slower = [name for name, (mine, theirs) in expressed.items() if mine > theirs]
        lines.append(
            f"- {peer} can express {len(expressed)} of {len(bugs)} programs, and finds the bug of "
            f"{len(expressed) - missed}. It is faster to the bug than we are on {len(slower)}"
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
