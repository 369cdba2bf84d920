"""An object that holds a file or a lock works in a forked child and cannot be sent to another.

A journal has a file that is open and a lock for its threads. Under fork the child is a copy of the
parent, journal and all. Under spawn and forkserver it must be pickled, and a file or a lock is more
than data: it means something that the operating system keeps for this one process. So do a socket,
a generator, a database connection. These are the objects of which pickling says TypeError, which
one tutorial expects of lambdas as well.

There are two ways out. Send what the object is made from, here the path, and make it in the child.
Or have the class do that: `__getstate__` leaves out what cannot cross, `__setstate__` makes it
anew.

And that is the next trap. What is made anew is a new lock. The journal and its copy each have one,
and each thinks that it is alone. A lock that two processes share must come from `multiprocessing`,
and be there when the child is started.

    pytest -p pytest_concurrency examples/c02_pickling/test_05_files_and_locks.py --hazards=fail
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


class Journal:
    def __init__(self, path: Path, lock: Any = None) -> None:
        self.path = path
        self.file = path.open("a")
        self.lock = lock or threading.Lock()

    def write(self, line: str) -> None:
        with self.lock:
            self.file.write(line)
            self.file.flush()

    def close(self) -> None:
        self.file.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.txt"


def run_child(mp_context: Any, target: Any, *args: Any) -> None:
    child = mp_context.Process(target=target, args=args)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


def write_to(journal: Journal) -> None:
    with closing(journal):
        journal.write("a line of the child")


@pytest.mark.hazard(
    "c-state-object-unpicklable",
    raises=TypeError,
    match=r"cannot pickle '[\w.]*TextIOWrapper'[\s\S]*\.file is an open file",
    under=("spawn", "forkserver"),
    why="an open file and a lock belong to one process: they are no data that could be copied",
)
def test_a_journal_with_an_open_file_goes_to_a_child_under_fork_only(
    mp_context: Any, path: Path
) -> None:
    with closing(Journal(path)) as journal:
        run_child(mp_context, write_to, journal)
    assert path.read_text() == "a line of the child"


def open_and_write(path: Path) -> None:
    write_to(Journal(path))


@pytest.mark.fix("c-state-object-unpicklable")
def test_a_child_that_is_sent_the_path_opens_the_journal_itself(
    mp_context: Any, path: Path
) -> None:
    run_child(mp_context, open_and_write, path)
    assert path.read_text() == "a line of the child"


class PortableJournal(Journal):
    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"])  # type: ignore[misc]


@pytest.fixture
def journal(path: Path) -> Iterator[PortableJournal]:
    with closing(PortableJournal(path)) as journal:
        yield journal


@pytest.mark.fix("c-state-object-unpicklable")
def test_a_journal_that_leaves_them_out_opens_itself_again_in_the_child(
    mp_context: Any, path: Path, journal: PortableJournal
) -> None:
    run_child(mp_context, write_to, journal)
    assert path.read_text() == "a line of the child"


@pytest.mark.hazard(
    "getstate-drops-lock",
    match="its copy could be locked as well",
    why="the lock of the copy was made anew: it knows nothing of the one that was left out",
)
def test_a_journal_and_its_copy_are_locked_at_the_same_time(journal: PortableJournal) -> None:
    with closing(pickle.loads(pickle.dumps(journal))) as copy, journal.lock:
        locked_as_well = copy.lock.acquire(blocking=False)
        assert not locked_as_well, "the journal was locked, and its copy could be locked as well"


class SharedJournal(Journal):
    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "lock": self.lock}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"], state["lock"])  # type: ignore[misc]


def can_be_locked(journal: Journal) -> bool:
    with closing(journal):
        return bool(journal.lock.acquire(False))


@pytest.mark.fix("getstate-drops-lock")
def test_a_lock_of_multiprocessing_stays_the_same_lock_in_the_child(
    mp_context: Any, run_in_process: Any, path: Path
) -> None:
    with closing(SharedJournal(path, mp_context.Lock())) as journal, journal.lock:
        assert not run_in_process(can_be_locked, journal)


# See also: c02_pickling/test_11_locks_for_a_pool.py, for the same lock on its way into a Pool.
