"""How many schedules it takes to find the bugs of the corpus, beside the targets and the literature.

    python benchmarks/race_schedules.py [--seeds 20] [--large] [--write]

Counts do not depend on the machine: the same seeds give the same table everywhere. The programs have
the form that the literature counts, with a main thread that starts and joins the others. `--large`
adds the two programs with 100 threads; `--write` puts the table into the README.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pytest_concurrency.race.points.scope import Scope  # noqa: E402 - the path is set above
from pytest_concurrency.race.runs import Case, Runner  # noqa: E402
from pytest_concurrency.race.strategies.in_order import InOrder  # noqa: E402
from pytest_concurrency.race.strategies.named import strategy_named  # noqa: E402
from pytest_concurrency.race.threads import Scheduler  # noqa: E402
from tests.corpus.programs import PROGRAMS, Program  # noqa: E402

# The mean to reach, and the means published for SURW and PCT-3 where there are any
# (design document algorithms.md, sections 5.2 and 5.4).
TARGETS: dict[str, tuple[int | None, str, str]] = {
    "account": (None, "6", "4"),
    "bluetooth_driver": (None, "70", "112"),
    "carter01": (None, "", "5"),
    "circular_buffer": (None, "3", "9"),
    "deadlock01": (None, "2", "13"),
    "lazy01": (5, "2", "5"),
    "queue": (None, "2", "3"),
    "reorder_3": (None, "7", "185"),
    "reorder_4": (None, "7", "554"),
    "reorder_5": (None, "10", "647"),
    "reorder_10": (50, "17", "3,225 (16 of 20)"),
    "reorder_20": (10, "6", "3,005"),
    "reorder_50": (60, "13", "3,304 (6 of 20)"),
    "stack": (None, "5", "3"),
    "token_ring": (None, "8", "8"),
    "twostage": (None, "8", "13"),
    "twostage_20": (10, "6", "159"),
    "twostage_50": (30, "20", "1,676"),
    "wronglock": (7, "7", "51"),
    "wronglock_3": (None, "9", "58"),
    "stringbuffer-jdk1.4": (8, "8", "281"),
}
LARGE: dict[str, tuple[int | None, str, str]] = {
    "reorder_100": (700, "194", "never"),
    "twostage_100": (450, "454", "7,466 (3 of 20)"),
}
LIMIT, LARGE_LIMIT = 500, 5_000
BEGIN, END = "<!-- race_schedules: begin -->", "<!-- race_schedules: end -->"


def schedules_to_the_bug(program: Program, seed: int, limit: int) -> int | None:
    """Returns how many schedules the portfolio needs; None if they are more than the limit."""
    with Scheduler(Scope()) as scheduler:
        runner = Runner(Case((program.whole(),)), scheduler)
        for _ in range(2):
            runner.run(InOrder())
            runner.look()
        portfolio = strategy_named("portfolio", seed, None)
        for number in range(1, limit + 1):
            if runner.run(portfolio, number) is not None:
                return number
            if number < 16:
                runner.look()
    return None


def row(name: str, seeds: int, expected: tuple[int | None, str, str], limit: int) -> str:
    """Returns one line of the table."""
    counts = [
        schedules_to_the_bug(PROGRAMS[f"fail/{name}"], seed, limit) for seed in range(seeds)
    ]
    found = [count for count in counts if count is not None]
    target, surw, pct = expected
    mean = f"{statistics.mean(found):.1f}" if found else "-"
    largest = str(max(found, default=0))
    cells = [name, f"{len(found)} of {seeds}", mean, largest, str(target or ""), surw, pct]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = [
        "| program | found | mean | most | target | SURW, published | PCT-3, published |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    for programs, limit in ((TARGETS, LIMIT), (LARGE if options.large else {}, LARGE_LIMIT)):
        for name, expected in programs.items():
            lines.append(row(name, options.seeds, expected, limit))
            print(lines[-1], flush=True)
    if options.write:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(
            before + "\n".join([BEGIN, *lines, END]) + after, encoding="utf-8"
        )


if __name__ == "__main__":
    main()
