"""What the plugin costs a suite that does not use it: user time of `pytest --collect-only`.

    python benchmarks/loading_cost.py [ROUNDS]

Runs pytest on one empty test, with and without the plugin in turn, and compares the medians of the
processor time that the two spend. The plugin's target is less than 5 ms.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = 5.0
VARIANTS = {"without": "no:pytest_concurrency", "with": "pytest_concurrency"}


def user_milliseconds(folder: str, plugin: str) -> float:
    """Run pytest once, and return the user time of the process."""
    command = [sys.executable, "-m", "pytest", "-p", plugin, "--collect-only", "-q"]
    # Without bytecode on disk the time would be that of the compiler.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime * 1000


def main(rounds: int) -> None:
    """Measure, and print a table."""
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_nothing(): pass\n")
        for plugin in VARIANTS.values():
            user_milliseconds(folder, plugin)  # bytecode is written, files are cached
        for _ in range(rounds):
            for name, plugin in VARIANTS.items():
                times[name].append(user_milliseconds(folder, plugin))
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        spread = statistics.stdev(times[name])
        print(f"{name:8} the plugin: {median:7.1f} ms of user time (deviation {spread:.1f} ms)")
    difference = medians["with"] - medians["without"]
    verdict = "below" if difference < TARGET else "ABOVE"
    print(f"difference: {difference:.1f} ms, {verdict} the target of {TARGET:g} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
