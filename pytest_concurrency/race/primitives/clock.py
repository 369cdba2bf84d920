"""The virtual clock: sleeping costs nothing, and time passes only where an actor looks at it."""

from __future__ import annotations

import _thread
import queue
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_concurrency.race.primitives.host import Host

__all__ = ["Clock"]

# How far a look at the clock moves it, in seconds: a loop that waits for a time gets there.
_TICK = 0.001
_get_ident = _thread.get_ident


class Clock:
    """Stand-ins for `time.sleep` and the clocks, which ask a scheduler."""

    def __init__(self, scheduler: Host) -> None:
        self._scheduler = scheduler
        self._stand_ins: dict[int, Callable[..., object]] = {id(time.sleep): self._sleep()}
        for name in ("monotonic", "perf_counter", "time"):
            seconds, nanoseconds = getattr(time, name), getattr(time, f"{name}_ns")
            self._stand_ins[id(seconds)] = self._clock(seconds, 1)
            self._stand_ins[id(nanoseconds)] = self._clock(nanoseconds, 1_000_000_000)

    def modules(self) -> tuple[ModuleType, ...]:
        """Returns the modules of the standard library whose names are to be replaced."""
        return time, threading, queue

    def stand_in(self, value: object) -> Callable[..., object] | None:
        """Returns what to use instead of a function of `time`; None for anything else."""
        return self._stand_ins.get(id(value))

    def _sleep(self) -> Callable[..., object]:
        scheduler, real = self._scheduler, time.sleep

        def sleep(seconds: float, /) -> None:
            if _get_ident() != scheduler.ident:
                real(seconds)
            elif seconds > 0:
                scheduler.block(None, scheduler.now + seconds)
            elif seconds == 0:
                scheduler.give_way()
            else:
                raise ValueError("sleep length must be non-negative")

        return sleep

    def _clock(self, real: Callable[[], float], unit: int) -> Callable[..., object]:
        scheduler = self._scheduler
        start = real()

        def now() -> float:
            if _get_ident() != scheduler.ident:
                return real()
            scheduler.now += _TICK
            passed = scheduler.now * unit
            return start + (int(passed) if unit > 1 else passed)

        return now
