"""The race detector beside its peers: schedules per second, and seconds to the first bug.

    python benchmarks/race_speed.py [--python PATH ...] [--programs PATTERN] [--write]

Each tool runs in an environment of its own, made once below `--cache`, and in a process of its own
for each search, in turn, so that what else the machine does hits all alike. `peers.tools` says how
each is used, and why. Of `--python`, the first also searches the corpus for bugs.

A tool can express a program if it passes its fixed twin; one that finds a bug there, hangs or
breaks is quoted instead. Of a tool's ways the fastest counts, program by program, for all tools
alike, and the seconds end with the search, before anything is shortened or explained. Not found
within the limit with most of the seeds: the median is above the limit.

All of it takes half an hour with a limit of 5 seconds; wait for a quiet machine, for what else runs
slows down a tool that stays on one processor, as ours does, more than others.
"""

from __future__ import annotations

import argparse
import fnmatch
import math
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from peers import ROOT
from peers.lost_update import LARGE, SMALL
from peers.protocol import Request
from peers.tables import Bug, Speed, bugs_table, seconds_of, speeds_table, summary, written
from peers.tools import TOOLS, Tool, Unavailable, ask, interpreter_for, version_of

from tests.corpus.programs import PROGRAMS

ROUNDS = 3
SPEED_SECONDS = 1.5
SEEDS = range(1, 6)
TWIN_RUNS = 20
MANY_RUNS = 1_000_000  # the seconds are the limit
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "pytest_concurrency_bench")

Interpreters = Mapping[str, str]  # of the tools, by their names


def interpreters(python: str, cache: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Makes the environments; returns the interpreters, and why others are not there."""
    there, missing = {}, {}
    for tool in TOOLS:
        try:
            there[tool.name] = interpreter_for(tool, python, cache)
        except Unavailable as error:
            missing[tool.name] = str(error)
    return there, missing


def speeds(python: str, there: Interpreters, missing: Mapping[str, str]) -> list[Speed]:
    """Counts schedules per second, tool after tool, round after round."""
    jobs = [(tool, label, way) for tool in TOOLS for label, way in tool.speed_ways.items()]
    rates: dict[tuple[str, str], dict[str, list[float]]] = {
        (tool.name, label): {SMALL: [], LARGE: []} for tool, label, _ in jobs
    }
    troubles: dict[tuple[str, str], str | None] = {
        (tool.name, label): missing.get(tool.name) for tool, label, _ in jobs
    }
    for seed in range(ROUNDS):
        for tool, label, way in jobs[seed:] + jobs[:seed]:
            key = tool.name, label
            for program in (SMALL, LARGE):
                if troubles[key] is not None:
                    continue
                request = Request(program, way, seed, MANY_RUNS, SPEED_SECONDS, through=True)
                answer = ask(tool, there[tool.name], request)
                troubles[key] = answer.trouble
                if answer.trouble is None:
                    rates[key][program].append(answer.runs / answer.seconds)
    return [
        Speed(python, tool.name, label, rates[tool.name, label], troubles[tool.name, label])
        for tool, label, _ in jobs
    ]


def bugs_of(
    program: str, there: Interpreters, missing: Mapping[str, str], limit: float
) -> dict[str, Bug]:
    """Searches for the bug of a program, seed after seed with each tool in each of its ways.

    A way is left out once its fixed twin shows that the tool cannot express the program, or once
    the median is above the limit whatever is still to come.
    """
    ways = [
        Way(tool, way, there[tool.name])
        for tool in TOOLS
        for way in tool.bug_ways
        if tool.name in there
    ]
    for way in ways:
        way.try_twin(program, limit)
    for seed in SEEDS:
        for way in ways:
            way.search(program, seed, limit)
    found = {name: Bug(math.inf, math.inf, trouble) for name, trouble in missing.items()}
    for name in there:
        bugs = [way.bug() for way in ways if way.tool.name == name]
        found[name] = min(bugs, key=lambda bug: (bug.trouble is not None, bug.seconds))
    return found


@dataclass
class Way:
    """One way to use a tool on one program, and how long each of its searches took."""

    tool: Tool
    way: str
    interpreter: str
    trouble: str | None = None
    to_first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    def try_twin(self, program: str, limit: float) -> None:
        """Runs the fixed twin a few times."""
        twin = Request(program.replace("fail/", "pass/"), self.way, 0, TWIN_RUNS, limit)
        answer = ask(self.tool, self.interpreter, twin)
        self.trouble = answer.trouble or (answer.found and f"false alarm: {answer.found}")

    def search(self, program: str, seed: int, limit: float) -> None:
        """Searches once, unless that cannot change the median."""
        misses = sum(map(math.isinf, self.to_first))
        if self.trouble is not None or misses > len(SEEDS) // 2:
            return
        request = Request(program, self.way, seed, MANY_RUNS, limit)
        answer = ask(self.tool, self.interpreter, request)
        if answer.to_first is None or answer.to_first > limit:
            self.to_first.append(math.inf)
            self.whole.append(math.inf)
        else:
            self.to_first.append(answer.to_first)
            self.whole.append(answer.seconds)

    def bug(self) -> Bug:
        """Returns the medians."""
        if self.trouble is not None:
            return Bug(math.inf, math.inf, self.trouble)
        unsearched = [math.inf] * (len(SEEDS) - len(self.to_first))
        return Bug(
            statistics.median(self.to_first + unsearched),
            statistics.median(self.whole + unsearched),
        )


def machine() -> str:
    """Says where and under which load."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}{load}"


def report(pythons: Sequence[str], patterns: Sequence[str], cache: Path, limit: float) -> str:
    """Measures everything, and returns it as Markdown."""
    started_on = machine()
    rows: list[Speed] = []
    bugs: dict[str, dict[str, Bug]] = {}
    for number, python in enumerate(pythons):
        there, missing = interpreters(python, cache)
        rows += speeds(version_of(python), there, missing)
        print(speeds_table(rows, [SMALL, LARGE]), end="\n\n", file=sys.stderr)
        if number == 0:
            for program in chosen(patterns):
                bugs[program] = bugs_of(program, there, missing, limit)
                rest = [seconds_of(bug, limit) for bug in bugs[program].values()]
                print(program, *rest, file=sys.stderr)
    names = [tool.name for tool in TOOLS]
    parts = [
        f"Schedules per second ({started_on}, median of {ROUNDS}):",
        speeds_table(rows, [SMALL, LARGE]),
    ]
    if bugs:
        parts += [
            f"Seconds to the first bug, median over {len(SEEDS)} seeds, at most {limit:g}; in "
            "brackets with the shrinking and the story:",
            summary(bugs, names, limit),
            bugs_table(bugs, names, limit),
        ]
    return "\n\n".join(parts)


def chosen(patterns: Sequence[str]) -> list[str]:
    """Returns the ids of the failing programs whose name matches one of the patterns."""
    return [
        program.id
        for program in PROGRAMS.values()
        if program.kind == "fail"
        and any(fnmatch.fnmatch(program.name, pattern) for pattern in patterns)
    ]


def main() -> None:
    """Measures, prints, and writes the README if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", nargs="+", default=[sys.executable], metavar="PATH")
    parser.add_argument("--programs", nargs="*", default=["*"], metavar="PATTERN")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds for each search")
    parser.add_argument("--cache", type=Path, default=CACHE, help="of the environments")
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    options = parser.parse_args()
    text = report(options.python, options.programs, options.cache, options.limit)
    print(text)
    if options.write:
        readme = ROOT / "README.md"
        readme.write_text(written(readme.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()
