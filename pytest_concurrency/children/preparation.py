"""What the parent prepares, so that every child it starts runs our bootstrap first.

`multiprocessing` sends each spawned child a dict (`multiprocessing.spawn.get_preparation_data`),
which the child unpickles before it unpickles the Process object. One entry more in that dict, whose
unpickling calls `bootstrap.install`, is the only way into the child that needs no change to the
target and no environment variable. A forked child has our modules already, and is prepared by
`multiprocessing.util.register_after_fork`.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_concurrency.children.bootstrap import Preparation, dump_stacks_to
from pytest_concurrency.patches import Patches

_ENTRY = "pytest_concurrency"
_PACKAGE_ROOT = str(Path(__file__).parents[2])
_INSTALLED = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_SOURCE = """
import sys
sys.path.insert(0, {root!r})
try:
    from pytest_concurrency.children.bootstrap import install
finally:
    sys.path.remove({root!r})
install({preparation!r})
"""


class _Bootstrap:
    """Pickles as a call of `bootstrap.install` that works before `sys.path` is the parent's."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (_SOURCE.format(root=_PACKAGE_ROOT, preparation=self._preparation), {})


class _InForkedChild:
    """What a forked child does first; `register_after_fork` forgets it when we drop it."""

    def __init__(self, stacks: str) -> None:
        self.stacks = stacks

    def prepare(self) -> None:
        dump_stacks_to(self.stacks)


class ChildPreparation:
    """Prepares every child that this process starts through `multiprocessing`.

    Args:
        stacks: the folder in which children put their stacks when asked.
        also: what else a child that is spawned does first: module, function, and its argument.
    """

    def __init__(self, stacks: str, also: list[tuple[str, str, str]]) -> None:
        self._stacks = stacks
        self._also = also
        self._patches = Patches()
        self._in_forked_child: _InForkedChild | None = None

    def on_spawn(self, spawn: ModuleType) -> None:
        """Called when `multiprocessing.spawn` is loaded."""
        original = spawn.get_preparation_data

        def get_preparation_data(name: str) -> dict[str, Any]:
            data: dict[str, Any] = _without_freezing_the_default(original, name)
            if _main_is_the_pytest_command():
                # Running the `pytest` command's file again in each child costs 100 ms for nothing.
                data.pop("init_main_from_path", None)
            data[_ENTRY] = _Bootstrap(
                {"modules": own_modules(), "stacks": self._stacks, "also": self._also}
            )
            return data

        self._patches.replace(spawn, "get_preparation_data", get_preparation_data)

    def on_util(self, util: ModuleType) -> None:
        """Called when `multiprocessing.util` is loaded."""
        self._in_forked_child = _InForkedChild(self._stacks)
        util.register_after_fork(self._in_forked_child, _InForkedChild.prepare)

    def undo(self) -> None:
        """Prepare no more children."""
        self._patches.undo()
        self._in_forked_child = None


def own_modules() -> dict[str, tuple[str | None, list[str] | None]]:
    """The modules of this process that are neither of the standard library nor installed.

    Returns:
        The file of each, and the search path of those that are packages. A package without a file
        is a namespace, or a parent that pytest made up for `--import-mode=importlib`.
    """
    own: dict[str, tuple[str | None, list[str] | None]] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in ("__main__", "__mp_main__") or not isinstance(file, str):
            continue
        if file.endswith(".py") and not file.startswith(_INSTALLED):
            own[name] = (file, _search_path(module))
    for name in list(own):
        parent = name.rpartition(".")[0]
        while parent and parent not in own and parent in sys.modules:
            if getattr(sys.modules[parent], "__file__", None) is None:
                own[parent] = (None, _search_path(sys.modules[parent]))
            parent = parent.rpartition(".")[0]
    return own


def _search_path(module: ModuleType) -> list[str] | None:
    path = getattr(module, "__path__", None)
    return None if path is None else [str(entry) for entry in path]


def _without_freezing_the_default(original: Any, name: str) -> Any:
    """Call the original, which as a side effect settles the default start method for good."""
    from multiprocessing import context

    default: Any = context._default_context
    settled = default._actual_context
    try:
        return original(name)
    finally:
        default._actual_context = settled


def _main_is_the_pytest_command() -> bool:
    main, pytest = sys.modules["__main__"], sys.modules.get("pytest")
    command = getattr(main, "console_main", None)
    return main.__spec__ is None and command is not None and command is vars(pytest)["console_main"]
