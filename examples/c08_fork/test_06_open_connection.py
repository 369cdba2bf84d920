"""A child uses the database connection of its parent, and sees orders that nobody has committed.

To the database the copied connection is the same one: parent and child are in one transaction, of
which each knows only half. With SQLite the child sees what is not committed, and SQLite's authors
warn that the file may be destroyed. With a server, both talk into one socket, and each may read
answers that were meant for the other; the same holds for every socket.

With spawn and forkserver the child has no connection until it makes one. Nor can it be passed one:
a connection cannot be pickled.

    pytest -p pytest_concurrency examples/c08_fork/test_06_open_connection.py --hazards=fail
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency import assert_not_picklable


@cache
def database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path)


@cache
def database_of_process(path: Path, pid: int) -> sqlite3.Connection:
    return sqlite3.connect(path)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "shop"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table orders (dish text)")
    yield path
    database(path).close()
    database_of_process(path, os.getpid()).close()
    database.cache_clear()
    database_of_process.cache_clear()


def orders_seen(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select count(*) from orders").fetchone()[0])


def tell_orders(path: Path, answers: Any) -> None:
    answers.send(orders_seen(database(path)))
    database(path).close()


def tell_orders_seen_by_own_connection(path: Path, answers: Any) -> None:
    with closing(sqlite3.connect(path)) as own:
        answers.send(orders_seen(own))


def tell_orders_seen_by_this_process(path: Path, answers: Any) -> None:
    with closing(database_of_process(path, os.getpid())) as own:
        answers.send(orders_seen(own))


def orders_seen_by_child(mp_context: Any, target: Any, path: Path) -> Any:
    here, there = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=target, args=(path, there))
    with here, there:
        child.start()
        answer = here.recv() if here.poll(30) else None
        child.join(timeout=30)
    assert child.exitcode == 0
    return answer


@pytest.mark.hazard(
    "fork-shares-db-connection",
    under=("fork",),
    match="the child sees 1",
    why="the forked child has a copy of the parent's connection, in the middle of its transaction",
)
def test_a_forked_child_sees_what_is_not_committed(mp_context: Any, shop: Path) -> None:
    database(shop).execute("insert into orders values ('tea')")  # and not committed
    seen = orders_seen_by_child(mp_context, tell_orders, shop)
    assert seen == 0, f"no order has been committed, and the child sees {seen}"


@pytest.mark.fix("fork-shares-db-connection")
def test_a_connection_made_in_the_child_sees_what_is_committed(mp_context: Any, shop: Path) -> None:
    assert_not_picklable(database(shop))
    database(shop).execute("insert into orders values ('tea')")
    assert orders_seen_by_child(mp_context, tell_orders_seen_by_own_connection, shop) == 0


@pytest.mark.fix("fork-shares-db-connection")
def test_a_connection_kept_by_process_id_is_made_anew_in_the_child(
    mp_context: Any, shop: Path
) -> None:
    database_of_process(shop, os.getpid()).execute("insert into orders values ('tea')")
    assert orders_seen_by_child(mp_context, tell_orders_seen_by_this_process, shop) == 0


# See also: test_05_open_file.py, for what fork does with a file.
