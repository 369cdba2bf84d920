"""How many schedules a second the tasks of asyncio are run under, and what a plain loop manages.

    python benchmarks/race_tasks.py [--seconds 2] [--write]

Two tasks with five awaits each, and some other programs, under the default portfolio. Beside it, in
the same table, `asyncio.run` of the same tasks: a fresh loop each time, always in the same order.
`--write` puts the table into the README. Wait for a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pytest_concurrency.race.as_tasks import AsTasks  # noqa: E402 - the path is set above
from pytest_concurrency.race.points.scope import Scope  # noqa: E402
from pytest_concurrency.race.runs import Case, Runner  # noqa: E402
from pytest_concurrency.race.strategies.in_order import InOrder  # noqa: E402
from pytest_concurrency.race.strategies.named import strategy_named  # noqa: E402

ROUNDS = 5
BEGIN, END = "<!-- race_tasks: begin -->", "<!-- race_tasks: end -->"


class Account:
    """What the tasks share."""

    def __init__(self) -> None:
        self.balance = 0
        self.lock = asyncio.Lock()
        self.queue: asyncio.Queue[int] = asyncio.Queue(1)


async def five_awaits(account: Account) -> None:
    """Adds 1 five times, each time with an await in between."""
    for _ in range(5):
        balance = account.balance
        await asyncio.sleep(0)
        account.balance = balance + 1


async def five_locked(account: Account) -> None:
    """The same under a lock."""
    for _ in range(5):
        async with account.lock:
            balance = account.balance
            await asyncio.sleep(0)
            account.balance = balance + 1


async def put_five(account: Account) -> None:
    """Puts five numbers into a queue for one."""
    for number in range(5):
        await account.queue.put(number)


async def get_five(account: Account) -> None:
    """Gets them."""
    for _ in range(5):
        account.balance += await account.queue.get()


async def one_in_a_thread(account: Account) -> None:
    """Adds 1 in a thread."""

    def add() -> None:
        account.balance = account.balance + 1

    await asyncio.to_thread(add)


Actor = Callable[[Account], Awaitable[None]]
PROGRAMS: dict[str, tuple[Actor, ...]] = {
    "2 tasks, 5 awaits each": (five_awaits, five_awaits),
    "2 tasks, 5 awaits each under a lock": (five_locked, five_locked),
    "10 tasks, 5 awaits each": (five_awaits,) * 10,
    "a queue between 2 tasks": (put_five, get_five),
    "2 tasks with a thread each": (one_in_a_thread, one_in_a_thread),
}


def schedules_a_second(actors: tuple[Actor, ...], seconds: float) -> float:
    """Returns the median of some rounds."""
    rates = []
    with AsTasks().driver(Scope(), 20_000) as driver:
        runner = Runner(Case(actors, Account), driver)
        driver.find_accesses(True)
        for _ in range(2):
            runner.run(InOrder())
            runner.look()
        driver.find_accesses(False)
        portfolio, number = strategy_named("portfolio", 1, None), 0
        for _ in range(ROUNDS):
            runs, start = 0, time.perf_counter()
            while time.perf_counter() < start + seconds / ROUNDS:
                for _ in range(20):
                    number += 1
                    runner.run(portfolio, number)
                runs += 20
            rates.append(runs / (time.perf_counter() - start))
    return statistics.median(rates)


def plain_runs_a_second(actors: tuple[Actor, ...], seconds: float) -> float:
    """Returns how often `asyncio.run` runs the same tasks."""

    async def main() -> None:
        account = Account()
        await asyncio.gather(*(actor(account) for actor in actors))

    runs, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds / ROUNDS:
        asyncio.run(main())
        runs += 1
    return runs / (time.perf_counter() - start)


def main() -> None:
    """Prints the table, line by line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [
        f"| program ({python}) | schedules a second | `asyncio.run`, a second |",
        "| --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    for name, actors in PROGRAMS.items():
        ours = schedules_a_second(actors, options.seconds)
        plain = plain_runs_a_second(actors, options.seconds)
        lines.append(f"| {name} | {ours:,.0f} | {plain:,.0f} |")
        print(lines[-1], flush=True)
    if options.write:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(before + "\n".join([BEGIN, *lines, END]) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
