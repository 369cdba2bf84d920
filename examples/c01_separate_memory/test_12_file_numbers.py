"""The parent has a file open and tells the child its number, and the child has no such file.

An open file is a number for the system, and a forked child has the same files under the same
numbers: log files, sockets, connections to a database, all of them, wanted or not. A child of
spawn or forkserver starts with only what it was given, and the number means nothing there. That
holds even if `os.set_inheritable` has marked the file as one to be inherited.

So a child is given what it can open itself, a path; or a connection or a socket as an argument,
which `multiprocessing` hands over, whatever number it gets on the other side.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_12_file_numbers.py --hazards=fail
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HIGH = 100  # no child has that many files of its own


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary.txt"


@pytest.fixture
def number(diary: Path) -> Iterator[int]:
    """The number of the open diary."""
    with diary.open("w") as file:
        number = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, HIGH)
    os.set_inheritable(number, True)
    yield number
    os.close(number)


@pytest.mark.hazard(
    "fd-not-inherited",
    raises=OSError,
    match="Bad file descriptor",
    under=("spawn", "forkserver"),
    why="only a forked child has the files that its parent has open",
)
def test_the_number_of_an_open_file_means_nothing_to_a_child(
    run_in_process: Any, number: int, diary: Path
) -> None:
    run_in_process(os.write, number, b"dear diary")
    assert diary.read_text() == "dear diary"


@pytest.mark.fix("fd-not-inherited")
def test_a_path_can_be_opened_by_every_child(run_in_process: Any, diary: Path) -> None:
    run_in_process(diary.write_text, "dear diary")
    assert diary.read_text() == "dear diary"


# See also: c01_separate_memory/test_08_module_pipe.py, for connections that are not handed over.
