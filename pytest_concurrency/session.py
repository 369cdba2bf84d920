"""What the plugin holds from the first test to `pytest_unconfigure`.

All of it is either passive or waits for `multiprocessing` to be imported by somebody else.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

from pytest_concurrency.children.orphans import OrphanAdoption
from pytest_concurrency.children.preparation import ChildPreparation
from pytest_concurrency.leak_check import LeakCheck
from pytest_concurrency.leaks.origins import Origins
from pytest_concurrency.on_import import ImportWatch
from pytest_concurrency.options import KEY as SETTINGS
from pytest_concurrency.pickling.feeder import FeederWatch
from pytest_concurrency.pickling.notes import PicklingNotes, annotate_feeder_error


class Session:
    """The parts of the plugin that live as long as the run.

    Attributes:
        folder: for what children write: stacks, and what they made.
        origins: which line made what.
        orphans: grandchildren whose parent has ended.
        feeder: pickling errors in the feeder threads of queues.
        leaks: what tests leave behind.
    """

    def __init__(self, leaks: str) -> None:
        self.folder = tempfile.mkdtemp(prefix="pytest-concurrency-")
        self.orphans = OrphanAdoption()
        origins = os.path.join(self.folder, "origins")
        self.origins = Origins(origins, self.orphans.turn_on)
        self.feeder = FeederWatch(annotate_feeder_error)
        self.leaks = LeakCheck(leaks, self.origins, self.orphans, self.folder)
        self._notes = PicklingNotes()
        self._preparation = ChildPreparation(
            self.folder,
            [
                ("pytest_concurrency.leaks.origins", "watch_in_child", origins),
                ("pytest_concurrency.pickling.notes", "explain_in_child", ""),
            ],
        )
        self._watch = ImportWatch(
            {
                **self.origins.actions(),
                "multiprocessing.queues": self.feeder.on_queues_module,
                "multiprocessing.reduction": self._notes.on_reduction_module,
                "multiprocessing.spawn": self._preparation.on_spawn,
                "multiprocessing.util": self._preparation.on_util,
            }
        )

    def open(self) -> None:
        """Start watching."""
        self.origins.watch_threads()
        self._watch.install()

    def close(self) -> None:
        """Put everything back as it was."""
        self._watch.remove()
        self._preparation.undo()
        self._notes.undo()
        self.feeder.undo()
        self.origins.undo()
        self.orphans.turn_off()
        shutil.rmtree(self.folder, ignore_errors=True)


_KEY = pytest.StashKey[Session]()


def current(config: pytest.Config) -> Session:
    """The session of this run; opened by the first test."""
    session = config.stash.get(_KEY, None)
    if session is None:
        session = config.stash[_KEY] = Session(config.stash[SETTINGS].leaks)
        session.open()
    return session


def close(config: pytest.Config) -> None:
    """Close the session, if there was a test."""
    if _KEY in config.stash:
        config.stash[_KEY].close()
        del config.stash[_KEY]
