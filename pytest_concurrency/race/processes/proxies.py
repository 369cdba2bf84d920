"""Proxies of a manager: who would block in one lets others go on until it is worth another try.

The manager's process is no actor: a call that it answers at once is one step of the actor that
makes it. What could block there is tried without blocking, and tried again after each call of
somebody else on the same object.
"""

from __future__ import annotations

import _thread
import queue
import zlib
from collections.abc import Callable, Iterator
from multiprocessing import managers
from typing import Any, NamedTuple

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.processes.turns import Turns

__all__ = ["Proxies", "typeid_of"]

_get_ident = _thread.get_ident
_PROXY: Any = managers.BaseProxy
_LOCKS = ("Lock", "RLock")
_SEMAPHORES = (*_LOCKS, "Semaphore", "BoundedSemaphore", "Condition")
_QUEUES = ("Queue", "JoinableQueue")
# Above those of semaphores.
_FIRST_KEY = 1 << 48


class _Attempt(NamedTuple):
    """A call that could block, as one that does not.

    Args:
        arguments: For a call that comes back at once.
        blocks: Whether the user's call waits.
        timeout: How long, in seconds; None for as long as it takes.
    """

    arguments: tuple[Any, ...]
    blocks: bool
    timeout: float | None


class Proxies:
    """The methods of proxies that ask for turns, and who in this process holds which lock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._held: dict[int, tuple[Any, Actor, int]] = {}
        self._call: Callable[..., Any] = _PROXY._callmethod

    def forget_run(self) -> None:
        """Forgets who held what."""
        self._held.clear()

    def keys_held_by(self, actor: Actor) -> list[tuple[int, int]]:
        """Returns the keys of the locks that an actor holds, and the line where it took each."""
        return [(key, line) for key, (_, holder, line) in self._held.items() if holder is actor]

    def release_held_by(self, actor: Actor) -> None:
        """Frees what an actor that failed or was unwound still holds, in its thread."""
        if actor.error is None and not actor.unwinding:
            return
        for key, (proxy, holder, _) in list(self._held.items()):
            if holder is actor:
                del self._held[key]
                self._talk(self._call, proxy, "release")

    def methods(self) -> Iterator[tuple[type, str, Any]]:
        """Yields (type, name, replacement) for everything to replace."""

        def call(self_: Any, name: str, args: tuple[Any, ...] = (), kwds: Any = {}) -> Any:  # noqa: B006
            if _get_ident() != self._turns.ident:
                return self._call(self_, name, args, kwds)
            typeid = typeid_of(self_)
            if typeid == "Condition" and name == "wait":
                return self._wait_for_signal(self_, *args, **kwds)
            attempt = _attempt(typeid, name, args, kwds)
            if attempt is None:
                result = self._talk(self._call, self_, name, args, kwds)
            else:
                result = self._try(self_, name, attempt)
            self._note(self_, name, typeid, result)
            return result

        yield _PROXY, "_callmethod", call
        for owner, name in (
            (_PROXY, "_connect"),
            (_PROXY, "_incref"),
            (managers.BaseManager, "_create"),
        ):
            yield owner, name, self._talking(getattr(owner, name))
        yield _PROXY, "_decref", staticmethod(self._talking(_PROXY._decref))

    def _talk(self, function: Callable[..., Any], *args: Any) -> Any:
        """Calls what waits for the manager, who answers."""
        turns = self._turns
        before = turns.talks_to_a_manager
        turns.talks_to_a_manager = True
        try:
            return function(*args)
        finally:
            turns.talks_to_a_manager = before

    def _talking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def talk(*args: Any, **kwds: Any) -> Any:
            if _get_ident() != self._turns.ident:
                return function(*args, **kwds)
            return self._talk(lambda: function(*args, **kwds))

        return talk

    def _try(self, proxy: Any, name: str, attempt: _Attempt) -> Any:
        """Tries until it works, or its time is up."""
        turns = self._turns
        deadline = None if attempt.timeout is None else turns.now + attempt.timeout
        may_wait = attempt.blocks and (attempt.timeout is None or attempt.timeout > 0)
        while True:
            try:
                result = self._talk(self._call, proxy, name, attempt.arguments)
            except (queue.Empty, queue.Full):
                if not may_wait:
                    turns.give_way()
                    raise
                if not turns.block_on(_key_of(proxy), deadline, proxy):
                    raise
            else:
                if result is not False:
                    return result
                if not may_wait:
                    turns.give_way()
                    return False
                if not turns.block_on(_key_of(proxy), deadline, proxy):
                    return False

    def _wait_for_signal(self, condition: Any, timeout: float | None = None) -> bool:
        """Does what `Condition.wait` does: the lock is free meanwhile."""
        turns = self._turns
        condition._callmethod("release")
        deadline = None if timeout is None else turns.now + timeout
        try:
            return turns.block_on(_key_of(condition) + 1, deadline, condition)
        finally:
            condition._callmethod("acquire")

    def _note(self, proxy: Any, name: str, typeid: str, result: Any) -> None:
        """Notes who holds it now, and lets those try again who wait for it."""
        turns, key = self._turns, _key_of(proxy)
        if typeid in (*_LOCKS, "Condition") and name in ("acquire", "release"):
            operation = turns.operation()
            if name == "release":
                self._held.pop(key, None)
            elif result is not False and turns.current is not None:
                self._held[key] = (proxy, turns.current, operation.line if operation else 0)
        if not turns.somebody_waits:
            return
        if name == "notify" or name == "notify_all":
            turns.wake_key(key + 1)
        else:
            turns.wake_key(key)


def typeid_of(proxy: Any) -> str:
    """Returns what a manager calls the type of an object."""
    return str(proxy._token.typeid)


def _key_of(proxy: Any) -> int:
    """Returns a number for an object of a manager that is the same in all processes."""
    token = proxy._token
    return _FIRST_KEY + 2 * zlib.crc32(f"{token.address} {token.id}".encode())


def _attempt(typeid: str, name: str, args: Any, kwds: Any) -> _Attempt | None:
    """Returns how to try a call without blocking; None if it never blocks."""
    if typeid in _SEMAPHORES and name == "acquire":
        return _Attempt((False,), *_bounds(*args, **kwds))
    if typeid == "Event" and name == "wait":
        return _Attempt((0,), *_bounds(True, *args, **kwds))
    if typeid in _QUEUES and name == "get":
        return _Attempt((False,), *_bounds(*args, **kwds))
    if typeid in _QUEUES and name == "put":
        item, *rest = (kwds.pop("item"), *args) if "item" in kwds else args
        return _Attempt((item, False), *_bounds(*rest, **kwds))
    return None


def _bounds(block: bool = True, timeout: float | None = None, **named: Any) -> tuple[Any, Any]:
    """Returns whether to wait, and how long; `acquire` says `blocking`, and -1 for no end."""
    block = named.get("blocking", block)
    return block, None if timeout is None or timeout < 0 else timeout
