from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import filelock
import pytest

from pytest_concurrency.race.store import Store

WRITERS = 4
EACH = 5
PATIENCE = 60  # seconds; only a test that fails comes near


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "races"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


def test_findings_come_back_the_newest_first(store: Store, folder: Path) -> None:
    assert store.remember("test_a", "r1.one") == ""
    assert store.remember("test_a", "r1.two") == ""
    assert store.remember("test_b", "r1.one") == ""
    assert Store(folder).load("test_a") == ["r1.two", "r1.one"]
    assert Store(folder).load("test_b") == ["r1.one"]
    assert Store(folder).load("test_c") == []


def test_a_finding_that_shows_again_moves_to_the_front(store: Store) -> None:
    for token in ("one", "two", "one"):
        store.remember("test_a", token)
    assert store.load("test_a") == ["one", "two"]


def test_five_findings_are_kept(store: Store) -> None:
    for number in range(7):
        store.remember("test_a", str(number))
    assert store.load("test_a") == ["6", "5", "4", "3", "2"]


def test_what_no_longer_fails_is_forgotten(store: Store, folder: Path) -> None:
    store.remember("test_a", "one")
    store.remember("test_a", "two")
    assert store.forget("test_a", "one") == ""
    assert store.load("test_a") == ["two"]
    store.forget("test_a", "two")
    assert json.loads((folder / "races.json").read_text()) == {}


def test_unused_it_makes_nothing_and_takes_no_lock(store: Store, tmp_path: Path) -> None:
    assert store.load("test_a") == []
    assert store.forget("test_a", "one") == ""
    assert list(tmp_path.iterdir()) == []


def test_unused_it_does_not_import_filelock() -> None:
    script = (
        "import sys; from pytest_concurrency.race.store import Store\n"
        "assert Store('nowhere').load('test_a') == []\n"
        "assert 'filelock' not in sys.modules"
    )
    path = os.pathsep.join(sys.path)
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        timeout=60,
    )


def test_a_reader_does_not_wait_for_a_writer(store: Store, folder: Path) -> None:
    store.remember("test_a", "one")
    with filelock.FileLock(folder / "races.lock"):
        assert store.load("test_a") == ["one"]
        # Nothing to drop, so nothing to wait for.
        assert store.forget("test_a", "two") == ""


def test_a_writer_waits_with_a_bound_and_says_so(folder: Path) -> None:
    hasty = Store(folder, patience=0.01)
    hasty.remember("test_a", "one")
    with filelock.FileLock(folder / "races.lock"):
        for why in (hasty.remember("test_a", "two"), hasty.forget("test_a", "one")):
            assert why == (
                "findings are not kept: another process has held "
                f"{folder / 'races.lock'} for 0.01 s"
            )
    assert hasty.load("test_a") == ["one"]


def test_a_folder_that_cannot_be_made_is_no_error_of_the_test(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "races")
    why = store.remember("test_a", "one")
    assert why.startswith("findings are not kept: ")
    assert str(tmp_path / "file") in why
    assert store.load("test_a") == []


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b'{"test_a": ["on',
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"null",
        b'{"test_a": 1, "test_b": [2], "test_c": {"one": 1}}',
        b"[" * 200_000,
    ],
)
def test_a_damaged_file_counts_as_empty_and_is_written_anew(
    store: Store, folder: Path, damage: bytes
) -> None:
    store.remember("test_a", "one")
    (folder / "races.json").write_bytes(damage)
    for test in ("test_a", "test_b", "test_c"):
        assert store.load(test) == []
        assert store.forget(test, "one") == ""
    assert store.remember("test_a", "two") == ""
    assert json.loads((folder / "races.json").read_bytes()) == {"test_a": ["two"]}


def test_what_makes_sense_in_a_damaged_file_is_kept(store: Store, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "races.json").write_text('{"test_a": ["one"], "test_b": 7}')
    assert store.load("test_a") == ["one"]
    store.remember("test_b", "two")
    assert json.loads((folder / "races.json").read_text()) == {"test_a": ["one"], "test_b": ["two"]}


def test_what_a_crashed_writer_left_behind_does_no_harm(store: Store, folder: Path) -> None:
    store.remember("test_a", "one")
    (folder / "races.part").write_text('{"test_a": [')
    assert store.load("test_a") == ["one"]
    store.remember("test_a", "two")
    assert store.load("test_a") == ["two", "one"]
    assert not (folder / "races.part").exists()


def test_any_test_id_is_kept(store: Store) -> None:
    name = "tests/test_ü.py::test[\ud800-\n]"
    store.remember(name, "one")
    assert store.load(name) == ["one"]


def write(folder: Path, writer: int, start: multiprocessing.synchronize.Barrier) -> None:
    store = Store(folder, patience=PATIENCE)
    start.wait(PATIENCE)
    for number in range(EACH):
        # One entry of its own a time, and one that all of them change.
        assert store.remember(f"test_{writer}_{number}", "own") == ""
        assert store.remember("test_shared", f"{writer}") == ""
        assert store.remember(f"test_{writer}", f"{number}") == ""
    assert store.forget(f"test_{writer}_0", "own") == ""


def assert_nothing_is_lost(folder: Path) -> None:
    store = Store(folder)
    for writer in range(WRITERS):
        assert store.load(f"test_{writer}") == [str(n) for n in reversed(range(EACH))]
        assert store.load(f"test_{writer}_0") == []
        for number in range(1, EACH):
            assert store.load(f"test_{writer}_{number}") == ["own"]
    assert sorted(store.load("test_shared")) == [str(writer) for writer in range(WRITERS)]


def test_processes_that_write_at_once_lose_nothing(folder: Path, mp_context: Any) -> None:
    start = mp_context.Barrier(WRITERS)
    processes = [
        mp_context.Process(target=write, args=(folder, writer, start)) for writer in range(WRITERS)
    ]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE)
        assert [process.exitcode for process in processes] == [0] * WRITERS
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
                process.join(PATIENCE)
    assert_nothing_is_lost(folder)


def test_threads_that_write_at_once_lose_nothing(folder: Path) -> None:
    start = threading.Barrier(WRITERS)
    threads = [
        threading.Thread(target=write, args=(folder, writer, start)) for writer in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert_nothing_is_lost(folder)
