"""What the plugin costs a suite that does not use it: user time of `pytest --collect-only`.

    python benchmarks/loading_cost.py [ROUNDS]

Runs pytest on one empty test, with and without the plugin in turn, and compares the processor time
that the two spend. The plugin's target is less than 5 ms. Nothing else is loaded, so that no other
plugin has paid for what ours imports.

One run differs from the next by more than the target, so the difference of each round is what
counts, and its median comes with the interval that holds the true one with 95 % confidence: by
order statistics of the binomial distribution, with no assumption on how times are distributed
(David and Nagaraja, Order Statistics, 2003, 7.1). An interval that contains the target decides
nothing, and the verdict says so.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = 5.0
CONFIDENCE = 0.95
FEWEST_ROUNDS = 6  # of fewer, not even the extremes enclose the median with this confidence
VARIANTS = {"without": "no:pytest_concurrency", "with": "pytest_concurrency"}


def user_milliseconds(folder: str, plugin: str) -> float:
    """Run pytest once, and return the user time of the process."""
    command = [sys.executable, "-m", "pytest", "-p", plugin, "--collect-only", "-q"]
    # Without bytecode on disk the time would be that of the compiler.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime * 1000


def interval_of_median(values: list[float]) -> tuple[float, float]:
    """The two values that enclose the true median with the confidence wanted."""
    values = sorted(values)
    outside, rank = 0.0, 0
    while True:
        outside += 2 * math.comb(len(values), rank) / 2 ** len(values)
        if outside > 1 - CONFIDENCE:
            return values[rank - 1], values[-rank]
        rank += 1


def verdict(low: float, high: float) -> str:
    """What an interval says of the target."""
    if high < TARGET:
        return f"below the target of {TARGET:g} ms"
    if low > TARGET:
        return f"ABOVE the target of {TARGET:g} ms"
    return f"undecided at a target of {TARGET:g} ms: run more rounds, or on a quieter machine"


def main(rounds: int) -> None:
    """Measure, and print a table."""
    if rounds < FEWEST_ROUNDS:
        raise SystemExit(f"{rounds} rounds decide nothing; at least {FEWEST_ROUNDS} are needed")
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_nothing(): pass\n")
        for plugin in VARIANTS.values():
            user_milliseconds(folder, plugin)  # bytecode is written, files are cached
        for number in range(rounds):
            # Each goes first in every other round: what drifts hits both alike.
            for name in sorted(VARIANTS, reverse=bool(number % 2)):
                times[name].append(user_milliseconds(folder, VARIANTS[name]))
    for name, values in times.items():
        print(
            f"{name:8} the plugin: {statistics.median(values):6.1f} ms of user time "
            f"(deviation {statistics.stdev(values):.1f} ms)"
        )
    differences = [more - less for more, less in zip(times["with"], times["without"], strict=True)]
    low, high = interval_of_median(differences)
    median = statistics.median(differences)
    print(f"difference: {median:.1f} ms, between {low:.1f} and {high:.1f} ms with 95 % confidence")
    print(f"verdict: {verdict(low, high)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
