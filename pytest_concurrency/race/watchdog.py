"""Waits for actors with a bound, and recognises what blocks them without being modelled.

The operating system says of each thread whether it runs or sleeps. An actor that has the baton and
sleeps is in a call that blocks: a socket, a subprocess, a lock of an extension.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from types import FrameType
from typing import TYPE_CHECKING

from pytest_concurrency.race.actors import STRAY, Actor, ThreadWorker, acquire_raw

if TYPE_CHECKING:
    from pytest_concurrency.race.threads import Scheduler

__all__ = ["Watchdog"]

# In seconds of real time. A thread that waits for the GIL sleeps as well, but gets it within a few
# switch intervals of 5 ms: four looks in a row at the same instruction are no coincidence.
_LOOK_EVERY = 0.05
_LOOKS = 4
# A thread that gets a third of a processor only, on a busy machine, is no loop without an end.
_STARVED = 3
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_sleep = time.sleep
_monotonic = time.monotonic


class Watchdog:
    """Watches the actor that has the baton, from the thread of the scheduler.

    Attributes:
        has_given_up: Set when a thread could not be stopped, so that another has to take its place.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.has_given_up = False

    def wait(self, patience: float) -> None:
        """Waits until the baton is back and the run over, or one actor unwound.

        Args:
            patience: How long an actor may do nothing visible, in seconds: of its processor's time
                if it runs, of real time if it waits.
        """
        scheduler = self._scheduler
        seen: object = None
        reached: object = None
        looks, since, used = 0, _monotonic(), 0.0
        while True:
            if acquire_raw(scheduler._done, True, _LOOK_EVERY):
                if not scheduler.idle:
                    return
                scheduler.idle = False
                if not self._wait_for_a_stray(patience):
                    scheduler.lose_patience()
                    scheduler.ending = "stuck"
                    scheduler.aborting = True
                    return
                scheduler.go_on()
                continue
            actor = scheduler.current
            assert actor is not None
            frame = sys._current_frames().get(actor.worker.ident)
            if frame is None:
                # Interrupted on its way out, it ended without handing the baton back.
                self._abandon(actor, frame)
                return
            sleeps, busy = _looked_at(actor.worker.native_id)
            if reached != (actor, len(scheduler.trace)):
                reached, since, used = (actor, len(scheduler.trace)), _monotonic(), busy
            now = (reached, id(frame), frame.f_lasti)
            if now != seen or not sleeps:
                seen, looks = now, 0
                waited = _monotonic() - since
                if busy - used > patience or waited > _STARVED * patience:
                    self._interrupt(actor, frame)
                    since, used = _monotonic(), busy
                continue
            looks += 1
            if looks == _LOOKS and not scheduler.aborting:
                scheduler.leave_outside(actor, _described(actor, frame))
            elif looks * _LOOK_EVERY > patience:
                self._abandon(actor, frame)
                return

    def _wait_for_a_stray(self, patience: float) -> bool:
        until = _monotonic() + patience
        while not self._scheduler.take_back():
            if _monotonic() > until:
                return False
            _sleep(_LOOK_EVERY / 10)
        return True

    def _interrupt(self, actor: Actor, frame: FrameType | None) -> None:
        """Reaches a loop without visible operations; a call that blocks in C does not notice."""
        self._scheduler.lose_patience()
        self._scheduler.strays.append(_described(actor, frame))
        self._scheduler.ending = "stuck"
        self._scheduler.aborting = True
        actor.worker.interrupt()

    def _abandon(self, actor: Actor, frame: FrameType | None) -> None:
        """Gives up a thread that cannot be stopped; it unwinds if it ever comes back."""
        scheduler = self._scheduler
        scheduler.strays.append(_described(actor, frame))
        scheduler.lose_patience()
        scheduler.ending = "stuck"
        scheduler.aborting = True
        scheduler.ident = 0
        scheduler._baton_out = False
        actor.state = STRAY
        self._give_up(actor.worker)

    def collect_strays(self, patience: float) -> None:
        """Unwinds the actors that come back from outside, and gives up those that do not."""
        scheduler = self._scheduler
        while any(actor.state == STRAY for actor in scheduler.actors):
            lost = [a for a in scheduler.actors if a.state == STRAY]
            if all(a.worker.abandoned for a in lost):
                break
            if self._wait_for_a_stray(patience):
                scheduler.unwind_ready()
                continue
            for actor in lost:
                self._give_up(actor.worker)

    def _give_up(self, worker: ThreadWorker) -> None:
        self.has_given_up = True
        worker.abandon()


def _looked_at(native_id: int) -> tuple[bool, float]:
    """Tells whether a thread of this process sleeps, and how many seconds it has run so far.

    Source: proc_pid_stat(5): the state, and utime and stime in ticks.
    """
    try:
        with open(f"/proc/self/task/{native_id}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        # Not Linux: standing at one instruction is all there is to go by.
        return os.name != "posix" or sys.platform != "linux", _monotonic()
    return fields[0] in (b"S", b"D"), (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _described(actor: Actor, frame: FrameType | None) -> str:
    """Says where an actor blocks: the innermost Python line, and the user's line above it."""
    if frame is None:
        return f"actor {actor.path}"
    summary = traceback.extract_stack(frame)[-1]
    line = f": {summary.line}" if summary.line else ""
    return f"actor {actor.path} at {summary.filename}:{summary.lineno}{line}"
