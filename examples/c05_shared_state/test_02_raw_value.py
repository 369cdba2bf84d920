"""A shared number that was made without a lock has no lock to take.

`Value("i", 0)` is more than a number. It is a `Synchronized` object: a C int in shared memory,
wrapped together with a lock of its own, which `get_lock()` hands out. `RawValue("i", 0)` and
`Value("i", 0, lock=False)` are the same memory without the wrapper. One expects that their
`get_lock()` at least does nothing; there is none. Who takes them promises to bring a lock along.

One tutorial says that a Value is a proxy. It is not: a proxy sends every access to the process of a
manager, and a Value is memory that all processes see. So it is a C int with a C int's habits: it
wraps around at 2**31 without a word, and it takes no float. The proxy is `Manager().Value`.

    pytest -p pytest_concurrency examples/c05_shared_state/test_02_raw_value.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
from ctypes import c_int
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import pytest

from pytest_concurrency import Race

# For what is the same under each start method, and quickest under this one.
FORK = multiprocessing.get_context("fork")


def add_one(counter: Any) -> None:
    with counter.get_lock():
        counter.value += 1


@pytest.mark.hazard(
    "raw-value-no-lock",
    raises=AttributeError,
    match="'c_int' object has no attribute 'get_lock'",
    why="RawValue is the bare C int; only Value wraps it together with a lock",
)
def test_a_raw_value_has_no_lock_to_take() -> None:
    add_one(multiprocessing.RawValue("i", 0))


@pytest.mark.fix("raw-value-no-lock")
def test_a_value_has_one(race: Race) -> None:
    race.processes(
        add_one,
        add_one,
        start_method="fork",
        setup=lambda: FORK.Value("i", 0),
        check=lambda counter: counter.value == 2,
    )


def add_one_under(counter_and_lock: Any) -> None:
    counter, lock = counter_and_lock
    with lock:
        counter.value += 1


@pytest.mark.fix("raw-value-no-lock")
def test_a_raw_value_and_a_lock_beside_it_keep_every_update(race: Race) -> None:
    race.processes(
        add_one_under,
        add_one_under,
        start_method="fork",
        setup=lambda: (FORK.RawValue("i", 0), FORK.Lock()),
        check=lambda counter_and_lock: counter_and_lock[0].value == 2,
    )


@pytest.mark.fact("value-is-not-a-proxy")
def test_a_value_is_a_c_int_in_shared_memory() -> None:
    counter: Any = FORK.Value("i", 0)
    counter.value = 2**31
    assert counter.value == -(2**31), "it wraps around, like any C int"
    with pytest.raises(TypeError):
        counter.value = 0.5  # for this there is Value("d", 0.5)
    with pytest.raises(TypeError):
        counter + 1  # the object is not the number: counter.value is
    assert isinstance(counter, Synchronized)
    assert isinstance(counter.get_obj(), c_int)


# See also: c05_shared_state/test_01_lost_update.py, for what goes wrong without a lock.
