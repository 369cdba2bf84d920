"""What surrounds the runs of a race: a quiet garbage collector, and one CPU."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from collections.abc import Iterator

__all__ = ["collector_paused", "on_one_cpu"]

_AFFINITY = hasattr(os, "sched_setaffinity")

if _AFFINITY:
    _current_cpu = ctypes.CDLL(None).sched_getcpu


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
    if not _AFFINITY:
        yield
        return
    before = os.sched_getaffinity(0)
    # To move costs more than the first runs; and workers of xdist that run now have different ones.
    os.sched_setaffinity(0, {_current_cpu()} & before or {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
