"""The globals of the user's modules, of which every process has a copy of its own.

A worker runs many times and a process of the user's once, so each run starts with the globals as
they were when the worker started.
"""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from pytest_concurrency.race.labels import SIMPLE

__all__ = ["ModuleCopies", "plain_globals"]

# Larger containers are left alone: to copy them for every run would cost more than it tells.
_LARGEST = 1_000
_OF_THE_MODULE = random._inst


class ModuleCopies:
    """What the globals of modules were at first, and are to be again before every run."""

    def __init__(self) -> None:
        self._first: dict[int, tuple[dict[str, Any], dict[str, tuple[Any, Any]]]] = {}
        self._generators: dict[str, tuple[Any, Any]] = {}
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            generator = _OfNumpy(numpy.random)
            self._generators["numpy.random"] = generator, generator.getstate()

    def see(self, namespace: Mapping[str, object]) -> None:
        """Remembers the globals of a module, before code of it runs for the first time."""
        if id(namespace) not in self._first and isinstance(namespace, dict):
            first = {name: (value, copy(value)) for name, value in plain_globals(namespace)}
            self._first[id(namespace)] = namespace, first
            for name, value in namespace.items():
                owner = getattr(value, "__self__", value)
                if value is random or owner is _OF_THE_MODULE:
                    self._generators["random"] = _OF_THE_MODULE, _OF_THE_MODULE.getstate()
                elif isinstance(value, random.Random):
                    self._generators[name] = value, value.getstate()

    def restore(self) -> None:
        """Makes the globals what they were at first."""
        for namespace, first in self._first.values():
            for name, (value, content) in first.items():
                if isinstance(value, list):
                    value[:] = content
                elif isinstance(value, (dict, set)) and value != content:
                    value.clear()
                    value.update(content)
                if namespace.get(name) is not value:
                    namespace[name] = value
        for generator, state in self._generators.values():
            generator.setstate(state)

    def drawn_from(self) -> Iterator[tuple[str, int]]:
        """Yields the random generators that were used since: the name, and a number for the state.

        That of `random` itself starts in another state in every process.
        """
        for name, (generator, state) in self._generators.items():
            if repr(generator.getstate()) != repr(state):
                yield name, zlib.crc32(repr(state).encode())

    def texts(self, names: frozenset[str]) -> dict[tuple[str, str], tuple[str, str]]:
        """Returns what plain globals were at first and are now, by module and name.

        Args:
            names: Which globals to look at.
        """
        found = {}
        for namespace, first in self._first.values():
            module = str(namespace.get("__name__"))
            for name in names & first.keys():
                now = namespace.get(name)
                found[module, name] = repr(first[name][1]), repr(now)
        return found


class _OfNumpy:
    """The global generator of numpy, with the methods of `random.Random`."""

    def __init__(self, module: Any) -> None:
        self.getstate = module.get_state
        self.setstate = module.set_state


def plain_globals(namespace: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Yields (name, value) for the globals that are numbers, texts or containers of such."""
    for name, value in list(namespace.items()):
        if name.startswith("__"):
            continue
        if type(value) in SIMPLE or _is_plain_container(value):
            yield name, value


def _is_plain_container(value: Any) -> bool:
    if type(value) not in (list, dict, set, tuple) or len(value) > _LARGEST:
        return False
    parts = (*value, *value.values()) if isinstance(value, dict) else value
    return all(type(part) in SIMPLE for part in parts)
