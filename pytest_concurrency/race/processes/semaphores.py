"""The primitives of multiprocessing: who would block lets others go on until the semaphore is free.

Locks, conditions, events, barriers, values and queues are made of one type, written in C. Its
methods are replaced in a worker process, which ends with its races: nothing is put back.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]
import _thread
import sys
import zlib
from collections.abc import Callable, Iterator
from multiprocessing import sharedctypes, synchronize
from typing import Any

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.turns import Turns, open_gate, pass_gate

__all__ = ["Semaphores", "key_of"]

_get_ident = _thread.get_ident
_RECURSIVE = 0
# Keys below are used for other things, see `pipes`.
_FIRST_KEY = 1 << 8


class Semaphores:
    """The methods of semaphores that ask for turns, and who in this process holds which lock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._held: dict[int, tuple[Any, Actor, Operation | None]] = {}

    def forget_run(self) -> None:
        """Forgets who held what."""
        self._held.clear()

    def held_by(self, actor: Actor) -> list[Any]:
        """Returns the locks that an actor of this process holds."""
        return [lock for lock, holder, _ in self._held.values() if holder is actor]

    def keys_held_by(self, actor: Actor) -> list[tuple[int, int]]:
        """Returns the keys of the locks that an actor holds, and the line where it took each."""
        return [
            (key_of(lock), 0 if operation is None else operation.line)
            for lock, holder, operation in self._held.values()
            if holder is actor
        ]

    def release_held_by(self, actor: Actor) -> None:
        """Frees what an actor that failed or was unwound still holds, in its thread."""
        if actor.error is None and not actor.unwinding:
            return
        for lock in self.held_by(actor):
            del self._held[id(lock)]
            # Somebody may have released it without having it.
            if lock.kind != _RECURSIVE and lock._is_zero():
                open_gate(lock)
            while lock.kind == _RECURSIVE and lock._is_mine():
                open_gate(lock)

    def methods(self) -> Iterator[tuple[type, str, Any]]:
        """Yields (type, name, replacement) for everything to replace."""
        acquire, release = self._acquire(), self._release()

        def leave(self: Any, *_: object) -> None:
            release(self)

        kind: type = _multiprocessing.SemLock
        yield kind, "acquire", acquire
        yield kind, "release", release
        yield kind, "__enter__", acquire
        yield kind, "__exit__", leave
        # They keep bound methods from when they were made, which was before the race.
        for owner, below in (
            (synchronize.SemLock, "_semlock"),
            (synchronize.Condition, "_lock"),
            (sharedctypes.SynchronizedBase, "_lock"),
        ):
            for name in ("acquire", "release"):
                yield owner, name, _of(below, name)

    def _acquire(self) -> Callable[..., bool]:
        turns, held, words = self._turns, self._held, self._turns.board.words

        def acquire(self: Any, block: bool = True, timeout: float | None = None) -> bool:
            if _get_ident() != turns.ident:
                return pass_gate(self, block, timeout)
            if pass_gate(self, False):
                took(self)
                if words[at.NOTES] and turns.reached is not None:
                    turns.reached.acquires = True
                return True
            if not block or (timeout is not None and timeout <= 0):
                turns.failed_to_take(sys._getframe(1))
                return False
            key = key_of(self)
            deadline = None if timeout is None else turns.now + timeout
            while turns.block_on(key, deadline, self):
                if pass_gate(self, False):
                    took(self)
                    return True
            return False

        def took(lock: Any) -> None:
            if lock.kind == _RECURSIVE and id(lock) in held:
                # An inner level: it is held since the outer one.
                return
            if lock.maxvalue == 1:
                assert turns.current is not None
                held[id(lock)] = (lock, turns.current, turns.reached)
                turns.note_held(key_of(lock))
            if words[at.WAITERS] and lock._is_zero():
                turns.taken_key(key_of(lock))

        return acquire

    def _release(self) -> Callable[[Any], None]:
        turns, held, words = self._turns, self._held, self._turns.board.words

        def release(self: Any) -> None:
            open_gate(self)
            if _get_ident() != turns.ident:
                return
            if self.kind == _RECURSIVE and self._is_mine():
                # An inner level: it is still held.
                return
            held.pop(id(self), None)
            if self.maxvalue == 1:
                turns.note_let_go(key_of(self))
            if words[at.WAITERS]:
                turns.wake_key(key_of(self))

        return release


def key_of(lock: Any) -> int:
    """Returns a number for a semaphore that is the same in all processes that share it.

    Under fork it has no name any more, but the same address everywhere.
    """
    name: str | None = lock.name
    return (lock.handle if name is None else zlib.crc32(name.encode())) + _FIRST_KEY


def _of(below: str, name: str) -> property:
    mine = f"_race_{name}"

    def get(self: Any) -> Any:
        known = vars(self)
        method = known.get(mine)
        if method is None:
            method = known[mine] = getattr(known[below], name)
        return method

    def put(self: Any, value: object) -> None:
        vars(self)[name] = value

    return property(get, put)
