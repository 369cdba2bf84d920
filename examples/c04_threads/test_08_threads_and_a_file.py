"""Threads write to one file, and records are torn, lost, or in another order than expected.

One tutorial writes records from a pool of threads without a lock, finds the file intact, and says
that write is an atomic operation. It is not. A file object collects what is written in a buffer;
small records stay whole because each, with its line break, leaves the buffer in one piece when the
file is closed. Two writes to a record, or a record larger than the buffer (8 KiB up to Python 3.13,
128 KiB from 3.14), and another thread's record may come in between.

Opened with "w" in each thread, the file is emptied by whoever opens it later. And a lock keeps the
records whole, but does not put them in order: who comes first takes it first.

    pytest -p pytest_concurrency examples/c04_threads/test_08_threads_and_a_file.py --hazards=fail
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest


def run_both(target: Any, *args: Any) -> None:
    threads = [Thread(target=target, args=(name, *args)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


def write_in_two_steps(name: str, path: Path, meeting: Barrier) -> None:
    with path.open("a", buffering=1) as file:
        for part in (f"{name} was ", f"here, says {name}\n"):
            file.write(part)
            file.flush()
            meeting.wait(timeout=30)


@pytest.mark.hazard(
    "file-append-torn-record",
    match="the file holds",
    why="a record of two writes is not one operation, and the other record came in between",
)
def test_two_writes_to_a_record_let_another_one_in_between(tmp_path: Path) -> None:
    run_both(write_in_two_steps, tmp_path / "guests", Barrier(2))
    lines = sorted((tmp_path / "guests").read_text().splitlines())
    torn = [
        line for line in lines if line not in ("ann was here, says ann", "bob was here, says bob")
    ]
    assert not torn, f"two records were written, and {len(torn)} lines the file holds are torn"


def write_under_a_lock(name: str, path: Path, lock: Any) -> None:
    with lock, path.open("a") as file:
        file.write(f"{name} was ")
        file.flush()
        file.write(f"here, says {name}\n")


@pytest.mark.fix("file-append-torn-record")
def test_a_lock_around_both_writes_keeps_a_record_whole(tmp_path: Path) -> None:
    run_both(write_under_a_lock, tmp_path / "guests", Lock())
    lines = sorted((tmp_path / "guests").read_text().splitlines())
    assert lines == ["ann was here, says ann", "bob was here, says bob"]


def write_from_scratch(name: str, path: Path, meeting: Barrier, mode: str) -> None:
    meeting.wait(timeout=30)
    with path.open(mode) as file:
        meeting.wait(timeout=30)
        file.write(f"{name} was here\n")


@pytest.mark.hazard(
    "file-write-mode-truncates",
    match="only 1 is in the file",
    why='each thread that opens a file with "w" writes it from the beginning',
)
def test_two_threads_that_open_with_w_overwrite_each_other(tmp_path: Path) -> None:
    run_both(write_from_scratch, tmp_path / "guests", Barrier(2), "w")
    count = len((tmp_path / "guests").read_text().splitlines())
    assert count == 2, f"two threads wrote a line each, and only {count} is in the file"


@pytest.mark.fix("file-write-mode-truncates")
def test_two_threads_that_append_keep_both_lines(tmp_path: Path) -> None:
    run_both(write_from_scratch, tmp_path / "guests", Barrier(2), "a")
    assert len((tmp_path / "guests").read_text().splitlines()) == 2


def write_in_turn(number: int, path: Path, lock: Any, second_done: Event) -> None:
    if number == 0:
        assert second_done.wait(timeout=30)  # the first task happens to come to the lock later
    with lock, path.open("a") as file:
        file.write(f"record {number}\n")
    if number == 1:
        second_done.set()


@pytest.mark.hazard(
    "file-line-order-not-fixed-by-lock",
    match="record 1, record 0",
    why="a lock lets in one at a time, and says nothing of who is first",
)
def test_a_lock_does_not_put_the_records_in_order(tmp_path: Path) -> None:
    lock, second_done = Lock(), Event()
    with ThreadPoolExecutor(2) as executor:
        for number in range(2):
            executor.submit(write_in_turn, number, tmp_path / "records", lock, second_done)
    lines = (tmp_path / "records").read_text().splitlines()
    assert lines == ["record 0", "record 1"], f"the lock was held; the file says {', '.join(lines)}"


@pytest.mark.fix("file-line-order-not-fixed-by-lock")
def test_one_writer_that_goes_through_a_map_keeps_the_order(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as executor, (tmp_path / "records").open("w") as file:
        file.writelines(executor.map("record {}\n".format, range(2), timeout=30))
    assert (tmp_path / "records").read_text() == "record 0\nrecord 1\n"


# See also: c04_threads/test_02_lost_thread_update.py, for a number instead of a file.
