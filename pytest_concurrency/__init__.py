"""A pytest plugin that shows what can go wrong between processes, threads and tasks.

pytest loads this package by name; the hooks live in `pytest_concurrency.plugin`. The public names
are loaded on first use, so that a suite that does not use them pays nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_concurrency.errors import ChildDied as ChildDied
    from pytest_concurrency.errors import ChildHung as ChildHung
    from pytest_concurrency.errors import NotPicklable as NotPicklable

__version__ = "0.1.0"

pytest_plugins = ("pytest_concurrency.plugin",)

_HOME = {
    "ChildDied": "errors",
    "ChildHung": "errors",
    "NotPicklable": "errors",
}

__all__ = [
    "ChildDied",
    "ChildHung",
    "NotPicklable",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
