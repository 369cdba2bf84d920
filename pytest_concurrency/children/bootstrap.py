"""The first thing that runs in a child started by spawn or forkserver.

It imports the standard library only. What other parts of the plugin do in a child is named in the
preparation, and they do the same.

`install` is called while the child unpickles what its parent prepared for it, before the target is
unpickled, so that the target's module can be found even if its name alone would not lead to it.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict

# The last real-time signal: applications use SIGUSR1 and SIGUSR2, the C library the first few.
DUMP_SIGNAL: int = getattr(signal, "SIGRTMAX", getattr(signal, "SIGUSR2", 0))

# faulthandler keeps the number of the file and not the file: it must not be closed.
_dump_files: list[Any] = []


class Preparation(TypedDict):
    """What a parent tells its child.

    Keys:
        modules: where each of the parent's own modules was loaded from, and the search path of
            those that are packages.
        stacks: the folder for stack dumps.
        also: what else to do: module, function, and its argument.
    """

    modules: dict[str, tuple[str | None, list[str] | None]]
    stacks: str
    also: list[tuple[str, str, str]]


class ParentModules:
    """A finder that loads a module from the file the parent loaded it from.

    pytest imports test modules under names that an import statement would not find
    (`--import-mode=importlib`), or that belong to another file first (`conftest`).
    """

    def __init__(self, modules: dict[str, tuple[str | None, list[str] | None]]) -> None:
        self._modules = modules

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module the parent had."""
        if name not in self._modules:
            return None
        file, search = self._modules[name]
        if file is None:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = search or []
            return spec
        return importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)


def install(preparation: Preparation) -> None:
    """Make this process a well-prepared child."""
    sys.meta_path.insert(0, ParentModules(preparation["modules"]))
    dump_stacks_to(preparation["stacks"])
    for module, function, argument in preparation["also"]:
        getattr(importlib.import_module(module), function)(argument)


def dump_stacks_to(folder: str) -> None:
    """Have the stacks of all threads written to a file of this process when its parent asks.

    A stack written by faulthandler needs neither the GIL nor a running interpreter, so that it
    works for a child stuck in C code or in a lock.
    """
    if not DUMP_SIGNAL or not os.path.isdir(folder):
        return
    file = stacks_file(folder, os.getpid()).open("wb", buffering=0)
    _dump_files.append(file)
    faulthandler.register(DUMP_SIGNAL, file=file, all_threads=True, chain=False)


def stacks_file(folder: str, pid: int) -> Path:
    """The file that a process writes its stacks to."""
    return Path(folder, f"{pid}.stacks")
