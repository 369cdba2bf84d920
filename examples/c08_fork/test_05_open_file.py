"""A child reads from a file that its parent has open, and the parent misses what the child read.

Fork copies the file object, but the system knows one open file, with one place to read and write.
Who reads moves that place for all. With spawn and forkserver nothing is copied, and a child that
needs the file opens it itself.

What was written and not yet flushed lies in the file object, and that is copied. So parent and
child both have it, and both write it: a line that was written once is in the file twice.

    pytest -p pytest_concurrency examples/c08_fork/test_05_open_file.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

import pytest


@cache
def menu(path: Path) -> IO[bytes]:
    """The menu, which is opened where it is needed first."""
    return path.open("rb", buffering=0)


@cache
def log(path: Path) -> IO[str]:
    """The log, which is opened where it is needed first."""
    return path.open("a")


@pytest.fixture(autouse=True)
def _all_closed(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "menu").write_text("tea milk rice")
    yield
    menu(tmp_path / "menu").close()
    log(tmp_path / "log").close()
    menu.cache_clear()
    log.cache_clear()


def run_child(mp_context: Any, target: Any, path: Path) -> None:
    child = mp_context.Process(target=target, args=(path,))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


def read_two_dishes(path: Path) -> None:
    assert menu(path).read(9) == b"tea milk "
    menu(path).close()


@pytest.mark.hazard(
    "fork-shares-file-offset",
    under=("fork",),
    match="the parent got b'rice'",
    why="an open file has one place, and the child that read from it moved it for both",
)
def test_what_a_forked_child_reads_the_parent_misses(mp_context: Any, tmp_path: Path) -> None:
    begun = menu(tmp_path / "menu")
    run_child(mp_context, read_two_dishes, tmp_path / "menu")
    dishes = begun.read()
    assert dishes == b"tea milk rice", f"the child read first, and the parent got {dishes!r}"


def read_two_dishes_of_own_menu(path: Path) -> None:
    with path.open("rb") as own:
        assert own.read(9) == b"tea milk "


@pytest.mark.fix("fork-shares-file-offset")
def test_a_child_that_opens_the_file_has_a_place_of_its_own(
    mp_context: Any, tmp_path: Path
) -> None:
    begun = menu(tmp_path / "menu")
    run_child(mp_context, read_two_dishes_of_own_menu, tmp_path / "menu")
    assert begun.read() == b"tea milk rice"


def note_that_the_child_came(path: Path) -> None:
    log(path).write("child\n")
    log(path).close()


@pytest.mark.hazard(
    "fork-duplicates-buffered-output",
    under=("fork",),
    match=r"the log has \['parent', 'child', 'parent'\]",
    why="what the parent had not flushed was copied with the file object, and written by both",
)
def test_a_line_written_before_the_fork_is_in_the_file_twice(
    mp_context: Any, tmp_path: Path
) -> None:
    log(tmp_path / "log").write("parent\n")
    run_child(mp_context, note_that_the_child_came, tmp_path / "log")
    log(tmp_path / "log").close()
    lines = (tmp_path / "log").read_text().split()
    assert sorted(lines) == ["child", "parent"], f"each wrote one line, and the log has {lines}"


@pytest.mark.fix("fork-duplicates-buffered-output")
def test_a_line_flushed_before_the_fork_is_there_once(mp_context: Any, tmp_path: Path) -> None:
    log(tmp_path / "log").write("parent\n")
    log(tmp_path / "log").flush()
    run_child(mp_context, note_that_the_child_came, tmp_path / "log")
    log(tmp_path / "log").close()
    assert (tmp_path / "log").read_text().split() == ["parent", "child"]


# See also: test_06_open_connection.py, for a database that is open.
