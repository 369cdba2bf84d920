"""Someone dies on the way to a barrier, and the others wait for him for ever.

A barrier for two opens when two are there. One expects it to open too, or to complain, when the
second can never come, because its process has ended. But a barrier counts arrivals; it knows
nothing of processes, and so it waits.

Here a child ends on its way, and the other party waits in `wait()`. `run_in_process` gives it a
fifth of a second, and says where it hangs. Without the plugin nothing is said at all.

Two remedies. `wait(timeout=...)` ends in a BrokenBarrierError, and whoever comes to that barrier
later gets the same. And a party that cannot come for a reason it notices, such as an exception,
says so with `abort()`: then nobody needs to wait.

    pytest -p pytest_concurrency examples/c05_*/test_08_barrier_waits_for_the_dead.py --hazards=fail
"""

from __future__ import annotations

from threading import BrokenBarrierError
from typing import Any

import pytest

from pytest_concurrency import ChildHung


def finish(child: Any, exitcode: int) -> None:
    child.join(timeout=30)
    assert child.exitcode == exitcode


def die_on_the_way(barrier: Any) -> None:
    raise SystemExit(3)


def come(barrier: Any) -> None:
    barrier.wait()


@pytest.mark.hazard(
    "barrier-party-dies",
    raises=ChildHung,
    match=r"come\(\) did not return",
    why="a barrier counts who arrives, and does not notice that the other party has ended",
)
def test_a_barrier_waits_for_a_process_that_has_ended(mp_context: Any, run_in_process: Any) -> None:
    barrier = mp_context.Barrier(2)
    child = mp_context.Process(target=die_on_the_way, args=(barrier,))
    child.start()
    finish(child, exitcode=3)
    run_in_process(come, barrier, timeout=0.2)


@pytest.mark.fix("barrier-party-dies")
def test_a_wait_with_a_timeout_ends(mp_context: Any) -> None:
    barrier = mp_context.Barrier(2)
    child = mp_context.Process(target=die_on_the_way, args=(barrier,))
    child.start()
    finish(child, exitcode=3)
    with pytest.raises(BrokenBarrierError):
        barrier.wait(timeout=0.1)


def abort_on_the_way(barrier: Any) -> None:
    try:
        raise SystemExit(3)
    except BaseException:
        barrier.abort()
        raise


@pytest.mark.fix("barrier-party-dies")
def test_a_party_that_aborts_spares_the_others_the_wait(mp_context: Any) -> None:
    barrier = mp_context.Barrier(2)
    child = mp_context.Process(target=abort_on_the_way, args=(barrier,))
    child.start()
    finish(child, exitcode=3)
    with pytest.raises(BrokenBarrierError):
        barrier.wait(timeout=30)


# See also: c05_shared_state/test_04_lock_never_released.py, for a lock whose holder has ended.
