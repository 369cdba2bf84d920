"""What a piece of test code left behind: everything that is there after it and was not before."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.children.processes import (
    ProcessInfo,
    descendants,
    end,
    has_children,
    is_alive,
    without_helpers,
)
from pytest_concurrency.children.stacks import stack_of_thread, stacks_of
from pytest_concurrency.leaks.origins import SEMAPHORE, SHARED_MEMORY, Origin, Origins
from pytest_concurrency.waiting import wait_until

GRACE = 1.0
_SHARED_MEMORY_FOLDER = Path("/dev/shm")


@dataclass(frozen=True)
class Leak:
    """Something that was left behind.

    Attributes:
        kind: child, thread, semaphore or shared memory.
        text: what it is, what it does, and which line made it.
    """

    kind: str
    text: str


@dataclass
class Snapshot:
    """What was there at one moment.

    Attributes:
        processes: the processes below this one.
        threads: the threads of this process.
        made: how much had been made so far, as `Origins.mark` tells it.
        exempt: what somebody with a longer life made since: not left behind.
        disowned: what was there, but whose owner has ended since: left behind.
    """

    processes: set[tuple[int, int]]
    threads: set[threading.Thread]
    made: int
    exempt: set[str] = field(default_factory=set)
    disowned: list[Origin] = field(default_factory=list)

    def allow(self, earlier: Snapshot, origins: Origins) -> None:
        """Take what has come into being since an earlier snapshot as having been there."""
        now = take(origins)
        self.processes |= now.processes - earlier.processes
        self.threads |= now.threads - earlier.threads
        self.exempt |= {origin.name for origin in origins.since(earlier.made)}

    def disown(self, earlier: Snapshot, later: Snapshot, origins: Origins) -> None:
        """Take what came into being between two snapshots as not having been there."""
        self.processes -= later.processes - earlier.processes
        self.threads -= later.threads - earlier.threads
        self.disowned += origins.since(earlier.made, later.made)


@dataclass
class Survivors:
    """What is there now and was not before.

    Attributes:
        processes: children, grandchildren and adopted orphans, zombies among them.
        threads: threads that keep the interpreter from ending.
        named: semaphores and blocks of shared memory.
    """

    processes: list[ProcessInfo]
    threads: list[threading.Thread]
    named: list[Origin]

    def __bool__(self) -> bool:
        return bool(self.processes or self.threads or self.named)


def take(origins: Origins) -> Snapshot:
    """Take a snapshot of this moment."""
    below = descendants() if has_children() else []
    return Snapshot(
        processes={(info.pid, info.born) for info in below},
        threads=set(threading.enumerate()),
        made=origins.mark(),
    )


def survivors(
    before: Snapshot,
    origins: Origins,
    *,
    grace: float = GRACE,
    names: bool = True,
    let_go: Callable[[], object] = lambda: None,
) -> Survivors:
    """Find what is left, after what was already ending has had time to end.

    Args:
        before: the moment to compare with.
        origins: who made what.
        grace: how long to wait for it, in seconds.
        names: whether to look for semaphores and shared memory, too.
        let_go: called when something is left at first, to drop what refers to it still.
    """
    left = _look(before, origins, names)
    if left:
        let_go()
        _after_burial(left.processes, origins)
        gc.collect()  # locks and pools that only a reference cycle keeps alive

        def only_the_dead() -> bool:
            now = _look(before, origins, names)
            return not any(not info.zombie for info in now.processes) and not (
                now.threads or now.named
            )

        wait_until(only_the_dead, grace)
        left = _look(before, origins, names)
        # Of the same look: a helper may end, and be a zombie like any other, between two looks.
        left.processes = _after_burial(left.processes, origins)
    return left


def describe(left: Survivors, origins: Origins, stacks: str) -> list[Leak]:
    """Put survivors into words, while they are still there.

    Args:
        left: the survivors.
        origins: who made what.
        stacks: the folder in which children put their stacks when asked.
    """
    return [
        *(_describe_process(info, origins, stacks) for info in left.processes),
        *(_describe_thread(thread, origins) for thread in left.threads),
        *(Leak(origin.kind, _describe_named(origin)) for origin in left.named),
    ]


def remove(left: Survivors) -> None:
    """Make an end of what can be ended from outside: all but threads."""
    _terminate_pools({info.pid for info in left.processes})
    end(left.processes)
    for origin in left.named:
        _unlink(origin)


def _look(before: Snapshot, origins: Origins, names: bool) -> Survivors:
    made = before.disowned + [
        origin for origin in origins.since(before.made) if origin.name not in before.exempt
    ]
    return Survivors(
        processes=_new_processes(before),
        threads=[
            thread
            for thread in threading.enumerate()
            if thread not in before.threads and not thread.daemon
        ],
        named=[origin for origin in made if names and _exists(origin)],
    )


def _new_processes(before: Snapshot) -> list[ProcessInfo]:
    if not has_children():
        return []
    return [
        info
        for info in without_helpers(descendants())
        if (info.pid, info.born) not in before.processes
    ]


def _after_burial(processes: list[ProcessInfo], origins: Origins) -> list[ProcessInfo]:
    """Take the exit codes of the adopted: their parent has ended, and nobody else can.

    Returns:
        All the others.
    """
    others = []
    for info in processes:
        origin = origins.of_process(info.pid)
        is_ours = origin is not None and origin.maker == os.getpid()
        if info.zombie and info.parent == os.getpid() and not is_ours:
            with contextlib.suppress(OSError):
                os.waitpid(info.pid, os.WNOHANG)
        else:
            others.append(info)
    return others


def _path(origin: Origin) -> Path:
    prefix = "sem." if origin.kind == SEMAPHORE else ""
    return _SHARED_MEMORY_FOLDER / (prefix + origin.name.lstrip("/"))


def _exists(origin: Origin) -> bool:
    return origin.kind in (SEMAPHORE, SHARED_MEMORY) and _path(origin).exists()


def _terminate_pools(pids: set[int]) -> None:
    """Have the pools that these workers belong to end them.

    A Pool starts a new worker for each that is killed, and one that is killed may hold a lock that
    the Pool waits for when the interpreter ends.
    """
    util, pool = sys.modules.get("multiprocessing.util"), sys.modules.get("multiprocessing.pool")
    if util is None or pool is None:
        return
    for finalizer in list(util._finalizer_registry.values()):
        if getattr(finalizer, "_callback", None) != pool.Pool._terminate_pool:
            continue
        workers = next(part for part in finalizer._args if isinstance(part, list))
        if pids & {worker.pid for worker in workers}:
            thread = threading.Thread(target=finalizer, daemon=True)
            thread.start()
            thread.join(GRACE)


def _unlink(origin: Origin) -> None:
    """Remove a name, through its owner's finalizer if the owner is here."""
    from multiprocessing import resource_tracker, util

    for finalizer in list(util._finalizer_registry.values()):  # type: ignore[attr-defined]
        if getattr(finalizer, "_args", ()) == (origin.name,):
            finalizer()
    if _path(origin).exists():
        with contextlib.suppress(OSError):
            _path(origin).unlink()
            tracked = "semaphore" if origin.kind == SEMAPHORE else "shared_memory"
            resource_tracker.unregister(origin.name, tracked)


def _describe_process(info: ProcessInfo, origins: Origins, stacks: str) -> Leak:
    child = _multiprocessing_child(info.pid)
    name = f" {child.name!r}" if child is not None else ""
    where = origins.of_process(info.pid)
    made = f", started at {where.where}" if where is not None and where.where else ""
    if info.zombie:
        code = child.exitcode if child is not None else None
        ended = f"has ended ({describe_exit(code)})" if code is not None else "has ended"
        return Leak("child", f"child{name} (pid {info.pid}) {ended} but was never joined{made}")
    relation = "child" if child is not None or info.parent == os.getpid() else "grandchild"
    title = f"{relation}{name} (pid {info.pid}) is still running{made}"
    if not is_alive(info):
        return Leak("child", title)
    evidence = stacks_of(info.pid, stacks) if child is not None else _short(info.command)
    return Leak("child", "\n".join([title, *_indent(evidence.splitlines())]))


def _describe_thread(thread: threading.Thread, origins: Origins) -> Leak:
    where = origins.of_thread(thread)
    title = f"thread {thread.name!r} is still running" + (f", started at {where}" if where else "")
    stack = stack_of_thread(thread.ident or 0)
    return Leak("thread", "\n".join([title, *_indent(stack.splitlines())]))


def _describe_named(origin: Origin) -> str:
    maker = "" if origin.maker == os.getpid() else f" by child process {origin.maker}"
    made = f", made{maker} at {origin.where}" if origin.where else ""
    return f"{origin.kind} {origin.name} still has its name in the system{made}"


def _multiprocessing_child(pid: int) -> Any:
    process = sys.modules.get("multiprocessing.process")
    children = list(process._children) if process is not None else []
    return next((child for child in children if child.pid == pid), None)


def _short(command: str) -> str:
    return command if len(command) <= 100 else command[:97] + "..."


def _indent(lines: Iterable[str]) -> list[str]:
    return ["  " + line for line in lines]
