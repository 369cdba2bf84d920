"""The modelled primitives: what makes blocking a decision, and a deadlock exact.

The real primitives stay in place, as in Fray (Li et al., OOPSLA 2025): their methods ask the
scheduler when they would block. Everything that the standard library builds from locks and the
simple queue (conditions, events, semaphores, barriers, queues, futures) follows from that, and
objects made before the run work as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.actors import Actor, Unwind
from pytest_concurrency.race.primitives.clock import Clock
from pytest_concurrency.race.primitives.locks import Locks
from pytest_concurrency.race.primitives.simple_queue import queue_methods
from pytest_concurrency.race.primitives.started import thread_methods
from pytest_concurrency.race.primitives.type_patches import TypePatches

if TYPE_CHECKING:
    from pytest_concurrency.race.primitives.host import Host

__all__ = ["Primitives"]

_POOLS = logging.getLogger("concurrent.futures")


def _is_no_unwinding(record: logging.LogRecord) -> bool:
    """Keeps the worker of a pool from reporting that its run is over."""
    return not (record.exc_info and record.exc_info[0] is Unwind)


class Primitives:
    """Lets the primitives of this process ask a scheduler, as long as it is installed.

    Threads that are no actors use them as ever.
    """

    def __init__(self, scheduler: Host) -> None:
        self._scheduler = scheduler
        self._types = TypePatches()
        self._locks = Locks(scheduler)
        self._clock = Clock(scheduler)
        self._names: list[tuple[dict[str, Any], str, object]] = []
        self._seen: set[int] = set()
        self.holder_of = self._locks.holder_of
        self.release_held_by = self._locks.release_held_by

    def install(self) -> None:
        """Replaces the methods; undone by `remove`."""
        for owner, name, method in (
            *self._locks.methods(),
            *queue_methods(self._scheduler),
            *thread_methods(self._scheduler),
        ):
            self._types.replace(owner, name, method)
        for module in self._clock.modules():
            self.replace_names_of(vars(module))
        _POOLS.addFilter(_is_no_unwinding)

    def remove(self) -> None:
        """Puts everything back."""
        _POOLS.removeFilter(_is_no_unwinding)
        while self._names:
            namespace, name, old = self._names.pop()
            namespace[name] = old
        self._seen.clear()
        self._types.undo()

    def replace_names_of(self, namespace: Mapping[str, object]) -> None:
        """Replaces what a module has imported by name, such as `sleep` and `monotonic`."""
        if id(namespace) in self._seen or not isinstance(namespace, dict):
            return
        self._seen.add(id(namespace))
        for name, value in list(namespace.items()):
            ours: Callable[..., object] | None = self._clock.stand_in(value)
            if ours is not None:
                self._names.append((namespace, name, value))
                namespace[name] = ours

    def forget_run(self) -> None:
        """Forgets what belongs to the run that is over."""
        self._locks.forget_run()

    def held_by(self, actor: Actor) -> list[object]:
        """Returns the locks that an actor holds."""
        return self._locks.held_by(actor)
