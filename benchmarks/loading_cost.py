"""What the plugin costs a suite that does not use it: processor time of `pytest --collect-only`.

    python benchmarks/loading_cost.py [ROUNDS]

Runs pytest on one empty test, with and without the plugin in turn. The target is a difference of
less than 5 ms of user time. Three things decide what such a measurement is worth:

- Linux may split the time of a process into user and system by looking 250 times a second
  (CONFIG_TICK_CPU_ACCOUNTING), which of a run of 180 ms makes user time uncertain by some 9 ms.
  The sum of both is exact. Below the target is who pays less than 5 ms of both, since the system's
  part of a cost is not negative; above it, whose user time alone is surely more.
- No other plugin is loaded, so that none has paid for what ours imports. Ours is named by
  PYTEST_PLUGINS: `-p` has pytest search all distributions for its entry point, which takes 2 ms,
  is no work of ours, and is done anyway where plugins are loaded by themselves.
- One run differs from the next by more than the target. So the difference is taken in each round,
  and its median comes with the interval that holds the true one with 95 % confidence, by order
  statistics of the binomial distribution (David and Nagaraja, Order Statistics, 2003, 7.1). The
  same is done for pytest without the plugin against itself: if that interval does not hold 0, the
  machine is too busy to measure anything.
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
VARIANTS = {"without": "", "without again": "", "with": "pytest_concurrency"}
KINDS = ("user and system", "user alone")
Ranges = tuple[tuple[float, float], tuple[float, float]]  # of the cost, and of pytest itself


def milliseconds(folder: str, plugins: str) -> tuple[float, float]:
    """Run pytest once; returns the processor time of the process, of the two `KINDS`."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    # Without bytecode on disk the time would be that of the compiler.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": plugins,
        "PYTHONHASHSEED": "0",
    }
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_utime * 1000


def measure(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """The times of each variant, round by round."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_nothing(): pass\n")
        for plugins in VARIANTS.values():
            milliseconds(folder, plugins)  # bytecode is written, files are cached
        names = list(VARIANTS)
        for number in range(rounds):
            first = number % len(names)  # each goes first in turn: what drifts hits all alike
            for name in names[first:] + names[:first]:
                times[name].append(milliseconds(folder, VARIANTS[name]))
    return times


def interval_of_median(values: list[float]) -> tuple[float, float]:
    """The two values that enclose the true median with the confidence wanted."""
    values = sorted(values)
    outside, rank = 0.0, 0
    while True:
        outside += 2 * math.comb(len(values), rank) / 2 ** len(values)
        if outside > 1 - CONFIDENCE:
            return values[rank - 1], values[-rank]
        rank += 1


def verdict(both: Ranges, user: Ranges) -> str:
    """What the intervals of the two `KINDS` say of the target."""
    (_, high), itself = both
    (low, _), _ = user
    if not itself[0] <= 0 <= itself[1]:
        return "none: pytest differs from itself, the machine is too busy"
    if high < TARGET:
        return f"below the target of {TARGET:g} ms"
    if low > TARGET:
        return f"ABOVE the target of {TARGET:g} ms"
    return f"undecided at a target of {TARGET:g} ms: run more rounds, or on a quieter machine"


def main(rounds: int) -> None:
    """Measure, and print a table."""
    if rounds < FEWEST_ROUNDS:
        raise SystemExit(f"{rounds} rounds decide nothing; at least {FEWEST_ROUNDS} are needed")
    times = measure(rounds)
    intervals: dict[str, Ranges] = {}
    print(f"{'ms':16} {'without':>8} {'with':>8} {'cost':>6}  95 %           itself")
    for index, kind in enumerate(KINDS):
        without, again, with_ours = ([pair[index] for pair in times[name]] for name in VARIANTS)
        cost = [more - less for more, less in zip(with_ours, without, strict=True)]
        itself = [more - less for more, less in zip(again, without, strict=True)]
        intervals[kind] = interval_of_median(cost), interval_of_median(itself)
        medians = [statistics.median(values) for values in (without, with_ours, cost)]
        ranges = [f"{low:5.1f} to {high:4.1f}" for low, high in intervals[kind]]
        print("{:16} {:8.1f} {:8.1f} {:6.1f}  {}  {}".format(kind, *medians, *ranges))
    print(f"verdict: {verdict(*intervals.values())}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
