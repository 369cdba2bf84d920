"""Which line made a thing: a process, a semaphore, a block of shared memory, a thread.

Processes, semaphores and shared memory are written to a file that children write to as well, since
what a child makes may outlive it. Threads end with their process, and are remembered here.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from pytest_concurrency.on_import import Action, ImportWatch
from pytest_concurrency.patches import Patches

PROCESS = "process"
SEMAPHORE = "semaphore"
SHARED_MEMORY = "shared memory"

_NOT_THE_USER = tuple(
    {sysconfig.get_path("stdlib") + os.sep, str(Path(__file__).parents[1]) + os.sep, "<frozen"}
)
_SITE = tuple({sysconfig.get_path("purelib") + os.sep, sysconfig.get_path("platlib") + os.sep})


@dataclass(frozen=True)
class Origin:
    """Something that was made, and where.

    Attributes:
        kind: one of the constants of this module.
        name: the pid of a process, the system's name of anything else.
        maker: the pid of the process that made it.
        where: the file, line and function of the user's code that made it.
    """

    kind: str
    name: str
    maker: int
    where: str


class Origins:
    """Remembers what is made, once `watch_threads` and the `actions` have run.

    Args:
        file: where children and we write; made on first use.
        on_process: called in this process, just before it starts another.
    """

    def __init__(self, file: str, on_process: Callable[[], None] = lambda: None) -> None:
        self._file = file
        self._on_process = on_process
        self._owner = os.getpid()
        self._patches = Patches()
        self._threads: weakref.WeakKeyDictionary[threading.Thread, str] = (
            weakref.WeakKeyDictionary()
        )

    def watch_threads(self) -> None:
        """Remember who starts each thread."""
        start = threading.Thread.start
        threads = self._threads

        def watched_start(thread: threading.Thread) -> None:
            threads[thread] = user_line()
            start(thread)

        self._patches.replace(threading.Thread, "start", watched_start)

    def actions(self) -> dict[str, Action]:
        """What to do when each module of interest is loaded, for an `ImportWatch`."""
        return {
            "multiprocessing.process": self._on_process_module,
            "multiprocessing.shared_memory": self._on_shared_memory_module,
            "multiprocessing.synchronize": self._on_synchronize_module,
            "subprocess": self._on_subprocess_module,
        }

    def _on_process_module(self, process: ModuleType) -> None:
        start = process.BaseProcess.start

        def watched_start(child: Any) -> None:
            __tracebackhide__ = True
            if os.getpid() == self._owner:
                self._on_process()
            start(child)
            self._write(PROCESS, str(child.pid))

        self._patches.replace(process.BaseProcess, "start", watched_start)

    def _on_subprocess_module(self, subprocess: ModuleType) -> None:
        initialise = subprocess.Popen.__init__

        def watched_init(child: Any, *args: Any, **kwargs: Any) -> None:
            if os.getpid() == self._owner:
                self._on_process()
            initialise(child, *args, **kwargs)
            self._write(PROCESS, str(child.pid))

        self._patches.replace(subprocess.Popen, "__init__", watched_init)

    def _on_synchronize_module(self, synchronize: ModuleType) -> None:
        initialise = synchronize.SemLock.__init__

        def watched_init(lock: Any, *args: Any, **kwargs: Any) -> None:
            initialise(lock, *args, **kwargs)
            if lock._semlock.name is not None:
                self._write(SEMAPHORE, lock._semlock.name)

        self._patches.replace(synchronize.SemLock, "__init__", watched_init)

    def _on_shared_memory_module(self, shared_memory: ModuleType) -> None:
        initialise = shared_memory.SharedMemory.__init__

        def watched_init(
            block: Any, name: Any = None, create: bool = False, *args: Any, **kwargs: Any
        ) -> None:
            initialise(block, name, create, *args, **kwargs)
            if create:
                self._write(SHARED_MEMORY, block._name)

        self._patches.replace(shared_memory.SharedMemory, "__init__", watched_init)

    def undo(self) -> None:
        """Stop remembering."""
        self._patches.undo()

    def mark(self) -> int:
        """The present, for `since`."""
        try:
            return os.stat(self._file).st_size
        except FileNotFoundError:
            return 0

    def since(self, mark: int, until: int | None = None) -> list[Origin]:
        """What was made since a mark, or between two."""
        until = self.mark() if until is None else until
        if until == mark:
            return []
        with open(self._file, "rb") as file:
            file.seek(mark)
            return [Origin(**json.loads(line)) for line in file.read(until - mark).splitlines()]

    def of_process(self, pid: int) -> Origin | None:
        """Where a process was started."""
        found = [origin for origin in self.since(0) if origin.kind == PROCESS]
        return next((origin for origin in reversed(found) if origin.name == str(pid)), None)

    def of_thread(self, thread: threading.Thread) -> str:
        """Where a thread was started."""
        return self._threads.get(thread, "")

    def _write(self, kind: str, name: str) -> None:
        line = json.dumps({"kind": kind, "name": name, "maker": os.getpid(), "where": user_line()})
        # One short write to a file opened for appending is not torn by those of other processes.
        # A child that outlives the run finds no folder, and nobody reads what it would write.
        with suppress(FileNotFoundError), open(self._file, "ab", buffering=0) as file:
            file.write(line.encode() + b"\n")


def watch_in_child(file: str) -> None:
    """Remember what this child makes, for as long as it lives."""
    ImportWatch(Origins(file).actions()).install()


def user_line() -> str:
    """The innermost line of the present stack that is the user's.

    Returns:
        ``file:line in function``; that of an installed package if there is no better one.
    """
    best = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_SITE) or not file.startswith(_NOT_THE_USER):
            line = f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"
            if not file.startswith(_SITE):
                return line
            best = best or line
        frame = frame.f_back
    return best
