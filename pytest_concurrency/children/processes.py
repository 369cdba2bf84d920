"""The processes below this one: listing them, telling the helpers apart, and ending them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_concurrency.waiting import wait_until

_PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessInfo:
    """A process below this one.

    Attributes:
        pid: its number.
        born: when it started, in clock ticks since boot: a number that is used again has another.
        parent: its parent's number.
        group: the number of its process group.
        state: the system's letter: R running, S sleeping, T stopped, Z ended but not waited for.
    """

    pid: int
    born: int
    parent: int
    group: int
    state: str

    @property
    def zombie(self) -> bool:
        """Has it ended, and is waiting for its parent to read its exit code?"""
        return self.state in "ZX"

    @property
    def command(self) -> str:
        """Its command line, shortened."""
        try:
            words = (_PROC / str(self.pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        text = " ".join(word.decode(errors="replace") for word in words).strip()
        return text if len(text) <= 100 else text[:97] + "..."


def descendants(pid: int | None = None) -> list[ProcessInfo]:
    """List the processes below one, children before grandchildren.

    Args:
        pid: the process to start at; this one if None.

    Returns:
        The processes, without those that belong to nobody any more (see `adopt_orphans`). Where
        the system has no /proc: the children that `multiprocessing` started from here.
    """
    if not _PROC.joinpath("self", "stat").exists():
        return _known_children()
    by_parent: dict[int, list[ProcessInfo]] = {}
    for info in _everybody():
        by_parent.setdefault(info.parent, []).append(info)
    found: list[ProcessInfo] = []
    queue = [os.getpid() if pid is None else pid]
    while queue:
        below = by_parent.get(queue.pop(0), [])
        found += below
        queue += [info.pid for info in below]
    return found


def members(group: int) -> list[ProcessInfo]:
    """List the processes of a process group, orphans among them."""
    return [info for info in _everybody() if info.group == group]


def has_children() -> bool:
    """Say whether this process has any child; cheaper than `descendants`."""
    try:
        return any(
            (_PROC / "self" / "task" / thread / "children").read_bytes()
            for thread in os.listdir(_PROC / "self" / "task")
        )
    except OSError:  # a thread that just ended, or a kernel without CONFIG_PROC_CHILDREN
        return bool(descendants())


def helpers() -> set[int]:
    """The pids of the processes that `multiprocessing` keeps for itself.

    Returns:
        The forkserver and the resource tracker: they live until the interpreter ends.
    """
    pids = set()
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None:
        pids.add(tracker._resource_tracker._pid)
    server = sys.modules.get("multiprocessing.forkserver")
    if server is not None:
        pids.add(server._forkserver._forkserver_pid)
    return {pid for pid in pids if pid is not None}


def end(processes: Iterable[ProcessInfo], *, seconds: float = 5.0) -> None:
    """Kill processes, and wait until they are gone.

    Args:
        processes: whom; the number of a process that has ended since is not used.
        seconds: how long to wait for the system to remove them.
    """
    doomed = [info for info in processes if is_alive(info)]
    for info in doomed:
        with contextlib.suppress(OSError):
            os.kill(info.pid, signal.SIGKILL)
    _join_known_children(info.pid for info in doomed)
    wait_until(lambda: not [info for info in doomed if _reap(info)], seconds)


def is_alive(info: ProcessInfo) -> bool:
    """Say whether this very process, and not a later one of the same number, is still there."""
    now = _read(info.pid)
    return now is not None and now.born == info.born


def _everybody() -> list[ProcessInfo]:
    try:
        numbers = [int(entry) for entry in os.listdir(_PROC) if entry.isdigit()]
    except OSError:
        return []
    return [info for info in map(_read, numbers) if info is not None]


def _read(pid: int) -> ProcessInfo | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command, in parentheses, may itself contain spaces and parentheses.
    fields = text[text.rindex(")") + 2 :].split()
    return ProcessInfo(
        pid=pid,
        born=int(fields[19]),
        parent=int(fields[1]),
        group=int(fields[2]),
        state=fields[0],
    )


def _reap(info: ProcessInfo) -> bool:
    """Take the exit code of an orphan that fell to us; say whether the process is still there."""
    now = _read(info.pid)
    if now is not None and now.born == info.born and now.zombie and now.parent == os.getpid():
        with contextlib.suppress(OSError):
            os.waitpid(info.pid, os.WNOHANG)
    return is_alive(info)


def _known_children() -> list[ProcessInfo]:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return []
    return [
        ProcessInfo(pid=child.pid, born=0, parent=os.getpid(), group=0, state="S")
        for child in list(process._children)
        if child.pid is not None
    ]


def _join_known_children(pids: Iterable[int]) -> None:
    """Let `multiprocessing` itself take the exit codes of its children."""
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return
    wanted = set(pids)
    for child in list(process._children):
        if child.pid in wanted:
            child.join(5)
