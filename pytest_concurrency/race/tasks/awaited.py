"""What a task waits for: which primitive, in whose attribute, or whose end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any, NamedTuple

from pytest_concurrency.race.tasks.awaits import frames_of

__all__ = ["PRIMITIVES", "Awaited", "awaited_by", "place_of"]

PRIMITIVES: tuple[type, ...] = tuple(
    getattr(asyncio, name)
    for name in ("Lock", "Event", "Condition", "Semaphore", "Queue", "Barrier", "TaskGroup")
    if hasattr(asyncio, name)
)
# What is held by somebody while others wait for it, and not told to them.
_HELD = (asyncio.Lock, asyncio.Semaphore)


class Awaited(NamedTuple):
    """What a task waits for.

    Args:
        resource: A primitive of asyncio, a future, or None for a time.
        call: The method that waits, such as "get"; empty for what is held, and for a task.
        tasks: The tasks whose end is waited for.
    """

    resource: object
    call: str = ""
    tasks: tuple[asyncio.Future[Any], ...] = ()


def awaited_by(task: asyncio.Task[Any]) -> Awaited:
    """Finds out what a task waits for.

    Args:
        task: One that is suspended.
    """
    frames = frames_of(task.get_coro())
    waiter = getattr(task, "_fut_waiter", None)
    for frame in frames:
        subject = frame.f_locals.get("self")
        if isinstance(subject, PRIMITIVES) and frame.f_globals.get("__name__", "").startswith(
            "asyncio."
        ):
            return _of_primitive(subject, frame, waiter)
    inner = frames[-1] if frames else None
    if inner is not None and inner.f_globals.get("__name__") == "asyncio.tasks":
        name = inner.f_code.co_name
        if name == "sleep":
            return Awaited(None, "asyncio.sleep")
        awaited = inner.f_locals.get("fs") or inner.f_locals.get("fut") or ()
        some = tuple(awaited) if isinstance(awaited, Iterable) else (awaited,)
        return Awaited(waiter, f"asyncio.{name.lstrip('_')}", _pending(some))
    return Awaited(waiter, "", _pending(_tasks_behind(waiter)))


def _of_primitive(subject: Any, frame: FrameType, waiter: object) -> Awaited:
    if isinstance(subject, asyncio.Condition) and frame.f_code.co_name in ("acquire", "__aenter__"):
        subject = subject._lock  # type: ignore[attr-defined]
    if isinstance(subject, _HELD):
        return Awaited(subject)
    tasks = getattr(subject, "_tasks", ())
    if tasks:
        return Awaited(subject, "", _pending(tuple(tasks)))
    return Awaited(subject, frame.f_code.co_name)


def _tasks_behind(waiter: object) -> tuple[Any, ...]:
    """Returns the tasks that a future stands for: itself, or those that were gathered."""
    children = getattr(waiter, "_children", None)
    if children:
        return tuple(children)
    return (waiter,) if isinstance(waiter, asyncio.Task) else ()


def _pending(futures: Sequence[Any]) -> tuple[asyncio.Future[Any], ...]:
    return tuple(each for each in futures if asyncio.isfuture(each) and not each.done())


def place_of(resource: object, frames: Sequence[FrameType], name_of: Callable[[Any], str]) -> str:
    """Names an object by where a task has it: a variable, or an attribute of what one holds.

    Args:
        resource: The object.
        frames: Of the user's code, the innermost first.
        name_of: Names the objects that it may be an attribute of.

    Returns:
        Such as `Account#1.lock` or `lock`; empty if it is nowhere near.
    """
    for frame in frames:
        for variables in (frame.f_locals, frame.f_globals):
            for name, value in list(variables.items()):
                if value is resource:
                    return name
        for value in list(frame.f_locals.values()):
            found = _inside(resource, value, name_of)
            if found:
                return found
    return ""


def _inside(resource: object, owner: Any, name_of: Callable[[Any], str]) -> str:
    namespace = getattr(owner, "__dict__", None)
    parts: list[tuple[str, Any]] = []
    if isinstance(namespace, dict):
        parts = [(f".{name}", value) for name, value in list(namespace.items())]
    for name, value in [*parts, ("", owner)]:
        if name and value is resource:
            return name_of(owner) + name
        pairs: list[tuple[Any, Any]] = []
        if type(value) in (list, tuple):
            pairs = list(enumerate(value))
        elif type(value) is dict:
            pairs = list(value.items())
        for key, item in pairs:
            if item is resource:
                return f"{name_of(owner)}{name}[{key!r}]"
    return ""
