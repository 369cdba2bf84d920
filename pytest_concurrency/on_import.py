"""Do something as soon as a module has been imported, without importing it ourselves.

The plugin changes a few functions of `multiprocessing`, and must not import it: a suite that does
not use it would pay 20 ms at start-up for nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]


class ImportWatch:
    """A finder, first on `sys.meta_path`, that runs an action after each module named has loaded.

    Args:
        actions: what to run, by module name. A module that is loaded already gets its action when
            `install` is called.
    """

    def __init__(self, actions: dict[str, Action]) -> None:
        self._waiting = dict(actions)

    def install(self) -> None:
        """Run the actions of loaded modules, and wait for the others."""
        for name in [name for name in self._waiting if name in sys.modules]:
            self._waiting.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stop waiting."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module through the other finders, and have its loader run the action."""
        if name not in self._waiting:
            return None
        action = self._waiting.pop(name)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = (
                find(name, path, target) if find and finder is not self else None
            )
            if spec is not None:
                # The loader of a frozen module is a class that all of them share.
                if spec.loader is not None and not isinstance(spec.loader, type):
                    _run_after(spec.loader, action)
                return spec
        return None


def _run_after(loader: Any, action: Action) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        action(module)

    loader.exec_module = exec_module
