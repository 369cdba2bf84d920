"""Schedules of processes per second, and seconds to the first lost update, under each start method.

    python benchmarks/race_processes.py [--runs 5000] [--write]
    python benchmarks/race_processes.py --same [--python PATH ...] [--runs 1000]

Beside it stands the plain loop that starts the processes anew for every run. `--same` compares
instead what the same seed does under each start method and on each Python given; it prints a digest
of 1,000 schedules and their outcomes for each of six programs, and fails if two of them differ.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
# A process that is spawned imports this file: what only the measuring needs is imported there.

METHODS = ("fork", "forkserver", "spawn")
SAME = ("account", "deadlock01", "lazy01", "reorder_5", "token_ring", "wronglock")
MAX_STEPS = 20_000
ROUNDS = 3
BEGIN, END = "<!-- race_processes: begin -->", "<!-- race_processes: end -->"


def increment(value: Any) -> None:
    """Adds one, in two steps."""
    value.value += 1


def increment_often(value: Any) -> None:
    """Adds fifty, one by one."""
    for _ in range(50):
        value.value += 1


def reset(value: Any) -> None:
    """Puts the value back."""
    value.value = 0


def make(context: Any) -> Any:
    """Makes the value."""
    return context.Value("i", 0)


def is_sum(value: Any, total: int) -> bool:
    """Tells whether no update was lost."""
    return bool(value.value == total)


def scheduled(method: str, count: int, runs: int, put_back: bool) -> float:
    """Returns how many schedules per second PCT makes, the start of the workers included."""
    from pytest_concurrency.race.processes.scheduler import ProcessScheduler
    from pytest_concurrency.race.runs import Case, Runner
    from pytest_concurrency.race.strategies.in_order import InOrder
    from pytest_concurrency.race.strategies.pct import PCT

    context = multiprocessing.get_context(method)
    case = Case(
        (increment,) * count,
        partial(make, context),
        partial(is_sum, total=count),
        reset if put_back else None,
    )
    start = time.perf_counter()
    scheduler = ProcessScheduler(context, MAX_STEPS)
    with contextlib.closing(scheduler), scheduler:
        runner = Runner(case, scheduler)
        strategy = PCT(1, 3)
        for number in range(runs):
            runner.run(InOrder() if number < 2 else strategy, number)
            scheduler.notes_acquires = number < 2
    return runs / (time.perf_counter() - start)


def plain(method: str, count: int, seconds: float = 2.0) -> float:
    """Returns how many runs per second the loop makes that starts the processes anew."""
    context: Any = multiprocessing.get_context(method)
    start, runs = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        value = make(context)
        processes = [context.Process(target=increment, args=(value,)) for _ in range(count)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            process.close()
        runs += 1
    return runs / (time.perf_counter() - start)


def first_lost_update(method: str) -> float:
    """Returns the seconds until ten processes of fifty increments each are seen to lose one."""
    from unittest import mock

    from pytest_concurrency.race import detector, finding

    context = multiprocessing.get_context(method)
    found_at: list[float] = []
    shortened = finding.shortened

    def noting(*arguments: Any) -> Any:
        found_at.append(time.perf_counter())
        return shortened(*arguments)

    race = detector.Race(seed=1, raise_on_finding=False)
    start = time.perf_counter()
    with mock.patch.object(detector, "shortened", noting):
        result = race.processes(
            increment_often,
            copies=10,
            setup=partial(make, context),
            check=partial(is_sum, total=500),
            start_method=method,
        )
    assert result.finding is not None
    return found_at[0] - start


def digests(runs: int) -> dict[str, str]:
    """Returns what each program did in some schedules, by program and start method."""
    import hashlib

    from pytest_concurrency.race.processes.scheduler import ProcessScheduler
    from pytest_concurrency.race.runs import Case, Runner
    from pytest_concurrency.race.strategies.in_order import InOrder
    from pytest_concurrency.race.strategies.named import strategy_named
    from tests.corpus.kernels import PROCESSES

    found = {}
    for name in SAME:
        for method in METHODS:
            context = multiprocessing.get_context(method)
            setup, actors, check = PROCESSES[f"fail/{name}"].under(context).load()
            scheduler = ProcessScheduler(context, MAX_STEPS)
            seen = hashlib.sha256()
            with contextlib.closing(scheduler), scheduler:
                runner = Runner(Case(actors, setup, check), scheduler)
                for _ in range(3):
                    runner.run(InOrder())
                runner.look()
                scheduler.notes_acquires = False
                strategy = strategy_named("portfolio", 1, None)
                for number in range(runs):
                    failure = runner.run(strategy, number)
                    ended = failure and (failure.kind, repr(failure.error))
                    seen.update(repr((ended, runner.signature())).encode())
            found[f"{name} {method}"] = seen.hexdigest()[:12]
    return found


def compare(pythons: list[str], runs: int) -> int:
    """Prints one line for each program; returns 1 if anything differs."""
    import json
    import subprocess

    by_python = {}
    for python in pythons:
        command = [python, __file__, "--digests", "--runs", str(runs)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        by_python[python] = json.loads(answer.stdout)
    different = 0
    for name in SAME:
        seen = {found[f"{name} {method}"] for found in by_python.values() for method in METHODS}
        different |= len(seen) > 1
        said = "the same" if len(seen) == 1 else "DIFFERENT"
        print(f"{name}: {said} under {len(METHODS)} methods x {len(pythons)} Pythons: {seen}")
    return different


def median_of(measure: Callable[[], float]) -> float:
    """Returns the median of a few measurements."""
    import statistics

    return statistics.median(measure() for _ in range(ROUNDS))


def rows(runs: int) -> list[list[str]]:
    """Measures everything, method by method."""
    measured = []
    for method in METHODS:
        loop = plain(method, 2)
        with_reset = median_of(partial(scheduled, method, 2, runs, True))
        fresh = median_of(partial(scheduled, method, 2, runs, False))
        ten = median_of(partial(scheduled, method, 10, runs, True))
        lost = median_of(partial(first_lost_update, method))
        measured.append(
            [
                method,
                f"{loop:,.0f}",
                f"{with_reset:,.0f} ({with_reset / loop:,.0f} times)",
                f"{fresh:,.0f} ({fresh / loop:,.0f} times)",
                f"{ten:,.0f}",
                f"{lost:.2f} s",
            ]
        )
        print(" | ".join(measured[-1]), flush=True)
    return measured


def main() -> int:
    """Measures, or compares."""
    import argparse
    import compileall
    import json

    from peers.tables import table

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--same", action="store_true")
    parser.add_argument("--digests", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--python", nargs="+", default=[sys.executable], metavar="PATH")
    options = parser.parse_args()
    if options.digests:
        print(json.dumps(digests(options.runs or 1_000)))
        return 0
    if options.same:
        return compare(options.python, options.runs or 1_000)
    # As an installed package is; else each worker would compile it under PYTHONDONTWRITEBYTECODE.
    compileall.compile_dir(ROOT / "pytest_concurrency", quiet=1)
    head = [
        "start method",
        "plain loop, 2 processes",
        "2 processes, `reset=`",
        "2 processes, fresh states",
        "10 processes, `reset=`",
        "first lost update of 10 x 50",
    ]
    text = table(head, rows(options.runs or 5_000))
    print(text)
    if options.write:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(before + "\n".join([BEGIN, text, END]) + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
