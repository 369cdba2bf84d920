"""Pickling as `multiprocessing` does it, and loading what was pickled.

It differs from `multiprocessing.reduction.ForkingPickler` when nothing is being sent: what would
not arrive as a copy is refused. A socket or a `Connection` would be given to a background thread
that serves it to whoever unpickles; the view of a dict would arrive as a list, and only if
`multiprocessing.managers` happens to be loaded.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Reducer = Callable[[Any], Any]


class Transport:
    """How objects are pickled.

    Args:
        protocol: the pickle protocol; the default of this Python if None.
        sending: whether `multiprocessing` itself sends the object just now.
    """

    def __init__(self, protocol: int | None = None, *, sending: bool = False) -> None:
        from multiprocessing.reduction import ForkingPickler

        self._class: Any = ForkingPickler
        self.protocol = pickle.DEFAULT_PROTOCOL if protocol is None else protocol
        self._reducers: dict[type, Reducer] = dict(ForkingPickler(io.BytesIO()).dispatch_table)
        if not sending:
            self._reducers.update(dict.fromkeys(_not_copied(), _refuse))

    def dump(self, thing: object) -> bytes:
        """Pickle an object."""
        buffer = io.BytesIO()
        pickler = self._class(buffer, self.protocol)
        pickler.dispatch_table = self._reducers
        pickler.dump(thing)
        return buffer.getvalue()

    def load(self, data: bytes) -> Any:
        """Load what was pickled."""
        return pickle.loads(data)

    def reducer(self, kind: type) -> Reducer | None:
        """The function registered for objects of a class, which goes before their own methods."""
        return self._reducers.get(kind)


@contextmanager
def as_if_starting_a_child() -> Iterator[None]:
    """Pickle what may be pickled only while a child is being started: locks, queues, values.

    Nothing is started; what is duplicated for the child is forgotten.
    """
    from multiprocessing import context

    settle: Any = context
    before = settle.get_spawning_popen()
    settle.set_spawning_popen(_NoChild())
    try:
        yield
    finally:
        settle.set_spawning_popen(before)


class _NoChild:
    """What a `Popen` is to the objects that are pickled for a child."""

    def duplicate_for_child(self, descriptor: int) -> int:
        return descriptor

    def DupFd(self, descriptor: int) -> int:
        return descriptor


def _not_copied() -> Iterator[type]:
    yield from map(type, ({}.keys(), {}.values(), {}.items()))
    for module, name in (("socket", "socket"), ("multiprocessing.connection", "Connection")):
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _refuse(thing: object) -> Any:
    raise TypeError(f"cannot pickle {type(thing).__qualname__!r} object")
