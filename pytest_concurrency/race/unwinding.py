"""Actors whose run is over: they are unwound where they are, and may clean up on the way."""

from __future__ import annotations

from pytest_concurrency.race.actors import Actor, Unwind
from pytest_concurrency.race.points.operations import Operation

__all__ = ["Unwinding"]

# How many visible operations the `finally` blocks of an actor may take when its run is over.
_CLEANUP_STEPS = 10_000


class Unwinding:
    """What ends actors that have come to an operation, or are parked, when their run is over."""

    _cleanup_left = 0

    def _stop(self, actor: Actor, operation: Operation) -> None:
        """Raises in an actor whose run is over, but lets its cleaning up go on for a while."""
        if actor.unwinding and self._cleanup_left > 0:
            self._cleanup_left -= 1
            return
        if operation.kind == "enter" and not actor.unwinding:
            return
        self._start_cleanup(actor)
        raise Unwind

    def _start_cleanup(self, actor: Actor) -> None:
        if not actor.unwinding:
            actor.unwinding = True
            self._cleanup_left = _CLEANUP_STEPS
