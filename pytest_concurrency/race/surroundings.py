"""What surrounds the runs of a race: a quiet garbage collector, and one CPU."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

__all__ = ["collector_paused", "on_one_cpu", "one_cpu"]


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps the cyclic collector from running finalisers at places that no schedule names.

    What is there already is frozen, so that the collections between runs see young objects only.
    """
    was_on = gc.isenabled()
    freeze = gc.get_freeze_count() == 0
    gc.disable()
    if freeze:
        gc.freeze()
    try:
        yield
    finally:
        if freeze:
            gc.unfreeze()
        if was_on:
            gc.enable()


@contextlib.contextmanager
def on_one_cpu() -> Iterator[None]:
    """Keeps this thread and those it starts on one CPU: a hand-off costs half as much there."""
    cpu = one_cpu()
    if cpu is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def one_cpu() -> int | None:
    """Returns the CPU for this process and its workers; None where there is no choice.

    The workers of xdist take different ones.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return usable[os.getpid() % len(usable)]
