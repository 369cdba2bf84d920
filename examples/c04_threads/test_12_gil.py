"""While one thread computes, no other thread of the process computes.

Four threads for four computations: one expects a quarter of the time. With the GIL only one thread
at a time runs Python, and they take turns: it takes as long as one after the other, and some
percent longer. One tutorial finds threads faster all the same; it had put `sum` in the place of a
loop. Another says that they suit computing, and contradicts itself some lines on.

Here a thread ticks as fast as it can, and another one calls a function written in C. While that
adds up numbers, there is no tick at all; while it hashes 64 MB there are, since code in C may let
go of the GIL, and hashing and compressing do. How much time is gained and lost is shown by
`python benchmarks/lesson_fib.py`; `-X gil=0` does not help, whatever one tutorial says: only a
build that was made for it can do without the GIL, and that one needs no flag.

    pytest -p pytest_concurrency examples/c04_threads/test_12_gil.py --hazards=fail
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from operator import methodcaller
from threading import Event, Thread
from typing import Any

import pytest

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
BUILT_WITH_GIL = not hasattr(sys, "abiflags") or "t" not in sys.abiflags
add_up = partial(sum, range(2_000_000))


@contextmanager
def ticking() -> Iterator[list[None]]:
    """Has a thread that does nothing but tick, as fast as it can."""
    ticks: list[None] = []
    stop = Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(None)

    thread = Thread(target=tick)
    thread.start()
    try:
        yield ticks
    finally:
        stop.set()
        thread.join(timeout=30)


def ticks_during(work: Callable[[], object], ticks: list[None]) -> int:
    # All three calls are made by `map`, without a line of Python in between, where turns change.
    before, _, after = map(methodcaller("__call__"), [ticks.__len__, work, ticks.__len__])
    return int(str(after)) - int(str(before))


@pytest.mark.skipif(not HAS_GIL, reason="without the GIL both threads compute side by side")
@pytest.mark.hazard(
    "gil-blocks-cpu-threads",
    match="the other thread ticked 0 times",
    why="only the thread that holds the GIL runs, and adding up does not let go of it",
)
def test_nobody_else_computes_while_a_thread_computes() -> None:
    with ticking() as ticks:
        count = ticks_during(add_up, ticks)
    assert count, f"while 2,000,000 numbers were added up, the other thread ticked {count} times"


@pytest.mark.fix("gil-blocks-cpu-threads")
def test_a_process_computes_beside_this_one(mp_context: Any) -> None:
    child = mp_context.Process(target=add_up)
    child.start()
    ticks = 0
    while child.is_alive():
        ticks += 1
    child.join(timeout=30)
    assert ticks
    assert child.exitcode == 0


@pytest.mark.timeout(60)
@pytest.mark.fact("gil-released-in-c")
def test_others_compute_while_a_thread_hashes() -> None:
    hashes = partial(sha256, bytes(64_000_000))
    with ticking() as ticks:
        # Once is enough, unless the machine is so busy that the other thread had no chance.
        while not ticks_during(hashes, ticks):
            pass


@pytest.mark.fact("gil-flag-on-standard-build")
def test_a_flag_does_not_take_the_gil_away() -> None:
    command = [sys.executable, "-X", "gil=0", "-c", "print('ran')"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if sys.version_info < (3, 13) or not BUILT_WITH_GIL:
        assert result.stdout == "ran\n"  # an option that nobody knows is ignored; or it is off
    else:
        assert "Disabling the GIL is not supported by this build" in result.stderr
        assert result.returncode != 0


# See also: c04_threads/test_11_pool_waits.py, for threads that wait for a thread.
