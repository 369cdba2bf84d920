"""Locks: an actor that would block lets others go on until the lock is free."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_concurrency.race.actors import Actor, acquire_raw, release_raw

if TYPE_CHECKING:
    from pytest_concurrency.race.primitives.host import Host

__all__ = ["LOCK", "RLOCK", "Locks"]

LOCK: type = type(_thread.allocate_lock())
RLOCK: type = _thread.RLock
# Kept before anything is patched.
_acquire_rlock = RLOCK.acquire  # type: ignore[attr-defined]
_release_rlock = RLOCK.release  # type: ignore[attr-defined]
_release_save = RLOCK._release_save  # type: ignore[attr-defined]
_acquire_restore = RLOCK._acquire_restore  # type: ignore[attr-defined]
_is_owned = RLOCK._is_owned  # type: ignore[attr-defined]
_get_ident = _thread.get_ident
# What a Condition keeps of its lock when it is made.
_KEPT = ("acquire", "release", "_release_save", "_acquire_restore", "_is_owned")


class Locks:
    """The methods of locks that ask a scheduler, and who holds which lock."""

    def __init__(self, scheduler: Host) -> None:
        self._scheduler = scheduler
        self._holders: dict[int, tuple[Any, Actor]] = {}

    def holder_of(self, lock: object) -> Actor | None:
        """Returns the actor that holds a lock."""
        held = self._holders.get(id(lock))
        return held[1] if held else None

    def held_by(self, actor: Actor) -> list[object]:
        """Returns the locks that an actor holds."""
        return [lock for lock, holder in self._holders.values() if holder is actor]

    def release_held_by(self, actor: Actor) -> None:
        """Frees what an actor that failed or was unwound still holds, in its thread.

        A lock that lives longer than the run must not be found taken in the next one.
        """
        if actor.error is None and not actor.unwinding:
            return
        for lock in self.held_by(actor):
            del self._holders[id(lock)]
            if isinstance(lock, RLOCK):
                while _is_owned(lock):
                    _release_rlock(lock)
            elif lock.locked():  # type: ignore[attr-defined]
                release_raw(lock)  # type: ignore[arg-type]

    def forget_run(self) -> None:
        """Forgets who held what."""
        self._holders.clear()

    def methods(self) -> Iterator[tuple[type, str, Any]]:
        """Yields (type, name, replacement) for everything to replace."""
        acquire, release, leave = self._methods_of(acquire_raw, release_raw)
        for name, method in (("acquire", acquire), ("release", release)):
            yield LOCK, name, method
            yield LOCK, f"{name}_lock", method
        yield LOCK, "__enter__", acquire
        yield LOCK, "__exit__", leave
        acquire, release, leave = self._methods_of(_acquire_rlock, self._release_rlock, _is_owned)
        yield RLOCK, "acquire", acquire
        yield RLOCK, "release", release
        yield RLOCK, "__enter__", acquire
        yield RLOCK, "__exit__", leave
        yield RLOCK, "_release_save", self._save_method()
        yield RLOCK, "_acquire_restore", self._restore_method()
        for name in _KEPT:
            yield threading.Condition, name, _of_its_lock(name)

    def _release_rlock(self, lock: Any) -> None:
        _release_rlock(lock)

    def _methods_of(
        self,
        acquire_real: Callable[..., bool],
        release_real: Callable[[Any], None],
        owned: Callable[[Any], bool] | None = None,
    ) -> tuple[Callable[..., bool], Callable[[Any], None], Callable[..., None]]:
        """Makes `acquire`, `release` and `__exit__` for one type of lock.

        Args:
            acquire_real: The method that is replaced.
            release_real: The method that is replaced.
            owned: Tells whether the thread still has a lock that it can have many times.
        """
        scheduler, holders = self._scheduler, self._holders
        waiting, woken = scheduler.waiting, scheduler.woken

        def acquire(self: Any, blocking: bool = True, timeout: float = -1) -> bool:
            if _get_ident() != scheduler.ident:
                if scheduler.outside:
                    scheduler.rejoin()
                return acquire_real(self, blocking, timeout)
            if timeout != -1 and not (blocking and 0 <= timeout <= threading.TIMEOUT_MAX):
                # Says what is wrong with the arguments, as the real one does.
                return acquire_real(self, blocking, timeout)
            if acquire_real(self, False):
                actor = scheduler.current
                assert actor is not None
                holders[id(self)] = (self, actor)
                if id(self) in woken:
                    scheduler.taken(self)
                if scheduler.notes_acquires:
                    operation = scheduler.operation()
                    if operation is not None:
                        operation.acquires = True
                return True
            if timeout == -1:
                if not blocking:
                    scheduler.failed_to_take(sys._getframe(1))
                    return False
                deadline = None
            else:
                if timeout == 0:
                    scheduler.failed_to_take(sys._getframe(1))
                    return False
                deadline = scheduler.now + timeout
            return taken_later(self, deadline)

        def taken_later(lock: Any, deadline: float | None) -> bool:
            while True:
                actor = scheduler.current
                if not scheduler.block(lock, deadline):
                    return False
                if acquire_real(lock, False):
                    assert actor is not None
                    holders[id(lock)] = (lock, actor)
                    if id(lock) in woken:
                        scheduler.taken(lock)
                    return True

        def release(self: Any) -> None:
            if scheduler.outside and _get_ident() != scheduler.ident:
                scheduler.rejoin()
            release_real(self)
            if owned is not None and owned(self):
                return  # an inner level: others who woke up would find it taken
            holders.pop(id(self), None)
            if id(self) in waiting:
                scheduler.wake(self)

        def leave(self: Any, *_: object) -> None:
            release(self)

        return acquire, release, leave

    def _save_method(self) -> Callable[[Any], Any]:
        scheduler, holders = self._scheduler, self._holders

        def release_save(self: Any) -> Any:
            state = _release_save(self)
            holders.pop(id(self), None)
            if id(self) in scheduler.waiting:
                scheduler.wake(self)
            return state

        return release_save

    def _restore_method(self) -> Callable[[Any, Any], None]:
        scheduler = self._scheduler
        acquire, _, _ = self._methods_of(_acquire_rlock, self._release_rlock)

        def acquire_restore(self: Any, state: Any) -> None:
            if _get_ident() == scheduler.ident:
                # Waits its turn, then takes it as often as it had it; nobody can come between.
                acquire(self)
                _release_rlock(self)
            _acquire_restore(self, state)

        return acquire_restore


def _of_its_lock(name: str) -> property:
    """Makes a Condition ask its lock on each use.

    It keeps bound methods of the lock from when it was made, which can be before a race.
    """
    fallback = vars(threading.Condition).get(name)

    def get(self: Any) -> Any:
        if name == "_is_owned" and isinstance(self._lock, LOCK):
            # It would try to acquire the lock, and expect to fail.
            return self._lock.locked  # type: ignore[attr-defined]
        method = getattr(self._lock, name, None)
        return partial(fallback, self) if method is None and fallback else method

    def put(self: Any, value: object) -> None:
        vars(self)[name] = value

    def forget(self: Any) -> None:
        del vars(self)[name]

    return property(get, put, forget)
