"""Programs on files and databases; imported by the processes themselves."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.unit.race.processes.kinds import Kind


def counter(context: Any) -> Path:
    path = Path(tempfile.mkdtemp(dir=os.environ["FOLDER_OF_THE_TEST"])) / "counter.json"
    path.write_text('{"n": 0}')
    return path


def counts_in_a_file(path: Path) -> None:
    count = json.loads(path.read_text())["n"]
    path.write_text(json.dumps({"n": count + 1}))


def counts_in_a_file_alone(path: Path) -> None:
    with FileLock(f"{path}.lock"):
        counts_in_a_file(path)


def counts_in_an_open_file(path: Path) -> None:
    with open(path) as file:
        data = json.load(file)
    data["n"] += 1
    with open(path, "w") as file:
        json.dump(data, file)


def counts_in_an_open_file_alone(path: Path) -> None:
    with FileLock(f"{path}.lock"):
        counts_in_an_open_file(path)


def replaces_the_file(path: Path) -> None:
    count = json.loads(path.read_text())["n"]
    fresh = path.with_name(f"{os.getpid()}.json")
    fresh.write_text(json.dumps({"n": count + 1}))
    os.replace(fresh, path)


def replaces_the_file_alone(path: Path) -> None:
    with FileLock(f"{path}.lock"):
        replaces_the_file(path)


def counted_two(path: Path) -> bool:
    return bool(json.loads(path.read_text())["n"] == 2)


def takes_both(path: Path) -> None:
    with FileLock(f"{path}.lock"), FileLock(f"{path}.other.lock"):
        pass


def takes_both_the_other_way(path: Path) -> None:
    with FileLock(f"{path}.other.lock"), FileLock(f"{path}.lock"):
        pass


KEPT: list[FileLock] = []


def keeps_its_lock(path: Path) -> None:
    KEPT[:] = [FileLock(f"{path}.lock")]
    KEPT[0].acquire()


def removes_the_file(path: Path) -> None:
    if os.path.exists(path):
        os.remove(path)


def removes_the_file_alone(path: Path) -> None:
    with FileLock(f"{path}.lock"):
        removes_the_file(path)


def database(context: Any) -> Path:
    path = Path(tempfile.mkdtemp(dir=os.environ["FOLDER_OF_THE_TEST"])) / "counter.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE counts (n INTEGER)")
        connection.execute("INSERT INTO counts VALUES (0)")
    return path


def counts_in_a_database(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    (count,) = connection.execute("SELECT n FROM counts").fetchone()
    connection.execute("UPDATE counts SET n = ?", (count + 1,))
    connection.close()


def counts_in_a_transaction(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    (count,) = connection.execute("SELECT n FROM counts").fetchone()
    connection.execute("UPDATE counts SET n = ?", (count + 1,))
    connection.execute("COMMIT")
    connection.close()


def database_counted_two(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("SELECT n FROM counts").fetchone() == (2,))


LOST = "lost update"
KINDS = {
    "a file": Kind(
        counter,
        (counts_in_a_file,) * 2,
        (counts_in_a_file_alone,) * 2,
        counted_two,
        LOST,
        ("read the file 'counter.json' = '{\"n\": 0}'", "wrote '{\"n\": 1}' over it"),
    ),
    "an open file": Kind(
        counter,
        (counts_in_an_open_file,) * 2,
        (counts_in_an_open_file_alone,) * 2,
        counted_two,
        LOST,
        ("Actor 0 read the file 'counter.json' = '{\"n\": 0}'",),
    ),
    "a file replaced": Kind(
        counter,
        (replaces_the_file,) * 2,
        (replaces_the_file_alone,) * 2,
        counted_two,
        LOST,
        ("read the file 'counter.json' = '{\"n\": 0}'", "replace()"),
    ),
    "FileLock": Kind(
        counter,
        (takes_both, takes_both_the_other_way),
        (takes_both, takes_both),
        None,
        "deadlock",
        (
            "waits for FileLock 'counter.json.lock' on line",
            "waits for FileLock 'counter.json.other.lock' on line",
            "Each waits for the other, for ever",
        ),
    ),
    "a file removed": Kind(
        counter,
        (removes_the_file,) * 2,
        (removes_the_file_alone,) * 2,
        None,
        "exception in an actor",
        ("FileNotFoundError", "the file 'counter.json'"),
    ),
    "sqlite3": Kind(
        database,
        (counts_in_a_database,) * 2,
        (counts_in_a_transaction,) * 2,
        database_counted_two,
        LOST,
        ("the file 'counter.db' = 'change",),
    ),
}
