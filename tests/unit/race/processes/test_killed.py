"""Workers that are killed at random moments: a clear finding each time, and nothing left."""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import IO

import pytest

from pytest_concurrency.errors import ChildDied, RaceFound
from pytest_concurrency.race.detector import Race
from tests.unit.race.processes.leftovers import nothing_left
from tests.unit.race.processes.small_sample import Setup, State, add, reset

pytestmark = pytest.mark.usefixtures("only_here")

# In all 200; a process starts fastest under fork.
KILLS = {"fork": 150, "forkserver": 25, "spawn": 25}
# A process of its own, which kills whom it is told, so many seconds later; its hold on the process
# is taken at once, so that it never hits another one.
KILLER = """
import os, signal, sys, time
for line in sys.stdin:
    pid, delay = line.split()
    try:
        target = os.pidfd_open(int(pid))
        time.sleep(float(delay))
        signal.pidfd_send_signal(target, signal.SIGKILL)
        os.close(target)
    except ProcessLookupError:
        # It has left already.
        pass
"""


@pytest.fixture
def killer() -> Iterator[IO[str]]:
    process = subprocess.Popen([sys.executable, "-c", KILLER], stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    with process:
        yield process.stdin


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="pidfd_open and /proc are Linux only"
)
def test_a_worker_killed_at_a_random_moment(
    mp_context: BaseContext, start_method: str, killer: IO[str], tmp_path: Path
) -> None:
    """Half of the races put their state back, half make it afresh and so replace their workers."""
    chance = random.Random(start_method)

    def race(number: int, delay: float | None) -> str:
        """Kills a worker after a time; says what came of it, nothing if it was too late."""
        aimed = delay is None

        def check(state: State) -> None:
            nonlocal aimed
            if not aimed:
                aimed = True
                target = chance.choice(multiprocessing.active_children())
                print(target.pid, delay, file=killer, flush=True)

        try:
            Race(seed=number).processes(
                *(add, add),
                setup=Setup(mp_context),
                reset=reset if number % 2 else None,
                check=check,
                strategy="random",
                runs=100_000 if number % 2 and not aimed else 60,
                start_method=start_method,
            )
        except (RaceFound, ChildDied) as error:
            return str(error)
        return ""

    for number in range(2):
        assert not race(number, None)
    with nothing_left(tmp_path):
        killed = number = 0
        while killed < KILLS[start_method]:
            number += 1
            told = race(number, chance.uniform(0, 0.01))
            if told:
                killed += 1
                assert "signal 9, SIGKILL" in told.splitlines()[0], told
        assert number < 2 * KILLS[start_method]
