"""Locks on files: who would poll one lets others go on until it is free.

A `filelock.FileLock` asks the system again and again. Here it asks once, and then waits for a
release by another actor, so that two of them taken in opposite orders are a deadlock and no loop.
"""

from __future__ import annotations

import _thread
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.processes.turns import Turns

__all__ = ["FileLocks"]

_get_ident = _thread.get_ident
# Above those of proxies.
_FIRST_KEY = 1 << 49


class FileLocks:
    """The methods of file locks that ask for turns, and who in this process holds which."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._held: dict[int, tuple[Any, Actor, int]] = {}

    def forget_run(self) -> None:
        """Forgets who held what."""
        self._held.clear()

    def keys_held_by(self, actor: Actor) -> list[tuple[int, int]]:
        """Returns the keys of the locks that an actor holds, and the line where it took each."""
        return [(key, line) for key, (_, holder, line) in self._held.items() if holder is actor]

    def release_held_by(self, actor: Actor) -> None:
        """Frees what an actor still holds, as the system does at the end of a process."""
        for lock, holder, _ in list(self._held.values()):
            if holder is actor and actor.index == self._turns.number:
                lock.release(force=True)

    def methods(self) -> Iterator[tuple[type, str, Any]]:
        """Yields (type, name, replacement) for everything to replace, if there are such locks."""
        filelock = sys.modules.get("filelock")
        if filelock is None:
            return
        kind: Any = filelock.BaseFileLock
        yield kind, "acquire", self._acquire(kind.acquire, filelock.Timeout)
        yield kind, "release", self._release(kind.release)

    def _acquire(self, real: Callable[..., Any], busy: type[Exception]) -> Callable[..., Any]:
        turns = self._turns

        def acquire(
            self_: Any,
            timeout: float | None = None,
            *args: Any,
            blocking: bool | None = None,
            **options: Any,
        ) -> Any:
            if _get_ident() != turns.ident:
                return real(self_, timeout, *args, blocking=blocking, **options)
            wanted = self_.timeout if timeout is None else timeout
            waits = self_.blocking if blocking is None else blocking
            deadline = None if wanted < 0 else turns.now + wanted
            while True:
                try:
                    taken = real(self_, *args, blocking=False, **options)
                except busy:
                    if not waits or wanted == 0:
                        turns.give_way()
                        raise
                    if not turns.block_on(_key_of(self_), deadline, self_):
                        raise
                else:
                    operation = turns.operation()
                    assert turns.current is not None
                    line = operation.line if operation else 0
                    self._held[_key_of(self_)] = self_, turns.current, line
                    return taken

        return acquire

    def _release(self, real: Callable[..., None]) -> Callable[..., None]:
        turns = self._turns

        def release(self_: Any, *args: Any, **options: Any) -> None:
            real(self_, *args, **options)
            if _get_ident() == turns.ident and not self_.is_locked:
                self._held.pop(_key_of(self_), None)
                turns.wake_key(_key_of(self_))

        return release


def _key_of(lock: Any) -> int:
    """Returns a number for a file that is the same in all processes."""
    return _FIRST_KEY + zlib.crc32(os.fsencode(os.path.abspath(lock.lock_file)))
