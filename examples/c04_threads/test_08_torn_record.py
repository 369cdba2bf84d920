"""Several threads write to one file, and lines get torn, get lost, or swap places.

One tutorial has ten threads append to a file, each with `write(content)` and then another `write`
of a newline. All goes well, because `write` is "an atomic operation", it says. It is not: `write`
puts text into a buffer of the file object, and what does not fit goes out to the file at once.
Small records survive because both writes fit into the buffer and leave together, in one piece, when
the file is closed. With a record larger than the buffer (some KiB up to Python 3.13, 128 KiB since
3.14), or with one file object for all threads, others can come between content and newline.

Three mistakes, and each has another remedy. A lock keeps a record in one piece. Mode "a" instead of
"w" keeps those of the others: "w" empties the file, and needs no race for that. And the order of
the records? A lock lets in one at a time, and does not say who comes first. Only one who writes
alone, in order, gives order.

    pytest -p pytest_concurrency examples/c04_threads/test_08_torn_record.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Lock

import pytest

LARGE = "x" * 1_000_000  # larger than the buffer on every version


@pytest.fixture
def report(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "report.txt"
    yield path
    path.unlink(missing_ok=True)  # pytest keeps the folders of three runs


def in_two_threads(write: Callable[[], None]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write), pool.submit(write)]:
            done.result(timeout=30)


@pytest.mark.hazard(
    "file-append-torn-record",
    match="0 are intact",
    why="content and newline are two writes, and the other thread wrote between them",
)
def test_a_large_record_is_torn_between_content_and_newline(report: Path) -> None:
    meeting = Barrier(2)

    def write() -> None:
        with report.open("a") as file:
            file.write(LARGE)
            meeting.wait(timeout=20)
            file.write("\n")

    in_two_threads(write)
    found = report.read_text().splitlines().count(LARGE)
    assert found == 2, f"two threads appended a record of a million letters, and {found} are intact"


@pytest.mark.fix("file-append-torn-record")
def test_a_lock_around_opening_and_closing_keeps_records_whole(report: Path) -> None:
    meeting, lock = Barrier(2), Lock()

    def write() -> None:
        with lock, report.open("a") as file:  # given back after the file is closed, and so written
            file.write(LARGE)
            with suppress(BrokenBarrierError):  # nobody comes: the other one waits for the lock
                meeting.wait(timeout=0.2)
            file.write("\n")

    in_two_threads(write)
    assert report.read_text().splitlines().count(LARGE) == 2


@pytest.mark.hazard(
    "file-write-mode-truncates",
    match="the file has 1 line",
    why='mode "w" empties the file, so whoever opens it last removes what the others wrote',
)
def test_opened_for_writing_only_one_record_is_left(report: Path) -> None:
    def write() -> None:
        with report.open("w") as file:
            file.write("done\n")

    in_two_threads(write)
    found = len(report.read_text().splitlines())
    assert found == 2, f"two threads wrote a line each, and the file has {found} line"


@pytest.mark.fix("file-write-mode-truncates")
def test_opened_for_appending_both_records_are_kept(report: Path) -> None:
    def write() -> None:
        with report.open("a") as file:
            file.write("done\n")  # small, so it goes out in one piece when the file is closed

    in_two_threads(write)
    assert report.read_text() == "done\ndone\n"


class SlowFirst:
    """Has the answer to question 0 only when the one to question 1 has been written."""

    def __init__(self) -> None:
        self.written = Event()

    def answer(self, number: int) -> str:
        if number == 0:
            assert self.written.wait(timeout=30)
        return f"answer {number}\n"


@pytest.mark.hazard(
    "file-line-order-not-fixed-by-lock",
    match="'answer 1', 'answer 0'",
    why="a lock lets in one thread at a time; who is ready first comes first",
)
def test_a_lock_does_not_put_lines_in_order(report: Path) -> None:
    slow, lock = SlowFirst(), Lock()

    def write(number: int) -> None:
        answer = slow.answer(number)
        with lock, report.open("a") as file:
            file.write(answer)
        slow.written.set()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, [0, 1]))
    lines = report.read_text().splitlines()
    assert lines == ["answer 0", "answer 1"], f"each line is whole, and their order is {lines}"


@pytest.mark.fix("file-line-order-not-fixed-by-lock")
def test_one_who_writes_what_map_returns_keeps_the_order(report: Path) -> None:
    slow = SlowFirst()

    def answer(number: int) -> str:
        text = slow.answer(number)
        slow.written.set()  # 1 is ready before 0, and is written after it all the same
        return text

    with ThreadPoolExecutor(2) as pool, report.open("w") as file:
        file.writelines(pool.map(answer, [0, 1]))
    assert report.read_text() == "answer 0\nanswer 1\n"


# See also: test_09_lock_of_one_process.py, for locks between processes.
