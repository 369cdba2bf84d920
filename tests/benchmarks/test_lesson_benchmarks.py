"""The programs about the tutorials' numbers: they run, and print what they promise.

What is measured is not looked at, except that there is something.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(
    not BENCHMARKS.exists(), reason="there are no benchmarks beside the tests"
)

METHODS = [
    method for method in ("fork", "forkserver", "spawn") if method in get_all_start_methods()
]
NUMBER = r"[\d,]+\.\d+"
ROW = re.compile(rf"(\S.*?) +({NUMBER}|-) +({NUMBER}|-) +({NUMBER}) +({NUMBER})")

Figures = Mapping[str, str]
"""What the tutorial says, by row; a dash if nothing."""


def under_each(name: str, figure: str = "-") -> Figures:
    return {f"{name}, {method}": figure for method in METHODS}


# How to run each at its smallest, and the rows of its tables.
PROGRAMS: dict[str, tuple[list[str], list[Figures]]] = {
    "lesson_sums": (
        ["--numbers", "80", "--rounds", "1"],
        [
            {
                "loop": "0.965",
                "loop over 8 chunks": "-",
                "sum() of the whole list": "-",
                "sum() of 8 chunks": "0.071",
                "sum() in 8 threads": "0.092",
                **under_each("sum() in 8 processes", "0.854"),
                **under_each("8 processes that make their chunks"),
            }
        ],
    ),
    "lesson_fib": (
        ["--n", "3", "--rounds", "1"],
        [
            {
                "in a row": "8.930",
                "in 4 threads": "9.890",
                **under_each("in 4 processes", "3.810"),
                "in an executor of 4 processes": "3.670",
            },
            {f"in a pool of {size}": "-" for size in (1, 2, 4, 8, 32)},
        ],
    ),
    "lesson_waits": (
        ["--seconds", "0.001", "--rounds", "1"],
        [
            {
                "in a row": "5.010",
                **under_each("in 5 processes", "1.040"),
                "the listing as printed": "1.040",
                "in 5 threads": "-",
                "in 5 tasks of asyncio": "-",
            }
        ],
    ),
    "lesson_starts": (
        ["--rounds", "1", "--megabytes", "1"],
        [{"a thread": "-", **under_each("a process")}] * 2,
    ),
    "lesson_arguments": (
        ["--rounds", "1", "--megabytes", "1"],
        [
            {
                f"{name}, {method}": "-"
                for method in METHODS
                for name in (
                    "a process, no argument",
                    "a process, the argument",
                    "a process, its name",
                    "a task of a pool, the argument",
                )
            }
        ],
    ),
    "lesson_chunks": (
        ["--tasks", "4", "--rounds", "1"],
        [
            {
                "a plain loop": "-",
                "Pool.map, chunksize=1": "-",
                "Pool.map": "-",
                "Pool.map, chunksize=500": "-",
                "executor.map": "-",
                "executor.map, chunksize=500": "-",
            }
        ],
    ),
    "lesson_durations": (
        ["--additions", "100", "--rounds", "1"],
        [{f"told to run {seconds} s": f"{seconds}.000" for seconds in (1, 2, 3)}],
    ),
    "lesson_coroutines": (
        ["--tasks", "10", "--threads", "20"],
        [
            {"a waiting task": "-", "a coroutine": "-", "a waiting thread": "-"},
            {"a waiting thread": "1,000.000"},
        ],
    ),
}


def test_every_program_is_here() -> None:
    programs = {path.stem for path in BENCHMARKS.glob("lesson_*.py")} - {"lesson_table"}
    assert programs == set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_prints_what_the_tutorial_says_beside_what_it_measured(name: str) -> None:
    options, tables = PROGRAMS[name]
    result = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), *options],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    printed = result.stdout.split("\n\nwhy: ")
    assert len(printed) == len(tables) + 1  # each table has its reason below
    for text, expected in zip(printed, tables, strict=False):
        head, _, rows = text.rpartition("\n\n")
        assert f"CPython {sys.version.split()[0]}" in head
        headings, *lines = rows.splitlines()
        assert headings.split() == ["tutorial", "to", "first", "here", "to", "first"]
        matches = [ROW.fullmatch(line) for line in lines]
        assert all(matches), rows
        assert {match[1]: match[2] for match in matches if match} == dict(expected)
        first = matches[0]
        assert first is not None
        assert first[5] == "1.00"
        assert first[3] == ("-" if first[2] == "-" else "1.00")
