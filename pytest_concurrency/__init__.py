"""A pytest plugin that shows what can go wrong between processes, threads and tasks.

pytest loads this package by name; the hooks live in `pytest_concurrency.plugin`. The public names
are loaded on first use, so that a suite that does not use them pays nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_concurrency.children.spawnable import assert_spawnable as assert_spawnable
    from pytest_concurrency.errors import ChildDied as ChildDied
    from pytest_concurrency.errors import ChildHung as ChildHung
    from pytest_concurrency.errors import ChildTraceback as ChildTraceback
    from pytest_concurrency.errors import LeakWarning as LeakWarning
    from pytest_concurrency.errors import NotDeterministic as NotDeterministic
    from pytest_concurrency.errors import NotPicklable as NotPicklable
    from pytest_concurrency.errors import RaceFound as RaceFound
    from pytest_concurrency.pickling.assertions import (
        assert_exception_picklable as assert_exception_picklable,
    )
    from pytest_concurrency.pickling.assertions import assert_not_picklable as assert_not_picklable
    from pytest_concurrency.pickling.assertions import assert_picklable as assert_picklable
    from pytest_concurrency.pickling.diagnosis import PickleReport as PickleReport
    from pytest_concurrency.pickling.diagnosis import explain_pickle as explain_pickle
    from pytest_concurrency.race.detector import Race as Race
    from pytest_concurrency.race.detector import RaceResult as RaceResult

__version__ = "0.1.0"

pytest_plugins = ("pytest_concurrency.plugin",)

_HOME = {
    "ChildDied": "errors",
    "ChildHung": "errors",
    "ChildTraceback": "errors",
    "LeakWarning": "errors",
    "NotDeterministic": "errors",
    "NotPicklable": "errors",
    "PickleReport": "pickling.diagnosis",
    "Race": "race.detector",
    "RaceFound": "errors",
    "RaceResult": "race.detector",
    "assert_exception_picklable": "pickling.assertions",
    "assert_not_picklable": "pickling.assertions",
    "assert_picklable": "pickling.assertions",
    "assert_spawnable": "children.spawnable",
    "explain_pickle": "pickling.diagnosis",
}

__all__ = [
    "ChildDied",
    "ChildHung",
    "ChildTraceback",
    "LeakWarning",
    "NotDeterministic",
    "NotPicklable",
    "PickleReport",
    "Race",
    "RaceFound",
    "RaceResult",
    "assert_exception_picklable",
    "assert_not_picklable",
    "assert_picklable",
    "assert_spawnable",
    "explain_pickle",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
