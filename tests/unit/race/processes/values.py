"""Programs on memory that processes share; imported by the processes themselves."""

from __future__ import annotations

import ctypes
from collections import namedtuple
from dataclasses import dataclass
from multiprocessing.shared_memory import ShareableList, SharedMemory
from typing import Any

from tests.unit.race.processes.kinds import Kind

Pair = namedtuple("Pair", "first second")


@dataclass
class Account:
    balance: Any
    lock: Any

    def deposit(self) -> None:
        with self.lock:
            self.balance.value += 1


class Meter:
    __slots__ = ("lock", "raw")

    def __init__(self, context: Any) -> None:
        self.raw = context.RawArray("i", 2)
        self.lock = context.Lock()


class Point(ctypes.Structure):
    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


def value(context: Any) -> Any:
    return context.Value("i", 0)


def increments(value: Any) -> None:
    value.value += 1


def increments_alone(value: Any) -> None:
    with value.get_lock():
        value.value += 1


def is_two(value: Any) -> bool:
    return bool(value.value == 2)


def array(context: Any) -> Any:
    return context.Array("i", 3)


def adds_an_item(array: Any) -> None:
    array[1] += 1


def adds_an_item_alone(array: Any) -> None:
    with array:
        array[1] += 1


def item_is_two(array: Any) -> bool:
    return bool(array[1] == 2)


def raw_value(context: Any) -> Any:
    return context.RawValue(ctypes.c_long, 0), context.Lock()


def increments_raw(state: Any) -> None:
    raw, _ = state
    raw.value += 1


def increments_raw_alone(state: Any) -> None:
    raw, lock = state
    with lock:
        raw.value += 1


def raw_is_two(state: Any) -> bool:
    return bool(state[0].value == 2)


def raw_array(context: Any) -> Any:
    return {"counts": context.RawArray("i", 3), "lock": context.RLock()}


def counts_in_an_array(state: Any) -> None:
    counts = state["counts"]
    counts[2] = counts[2] + 1


def counts_in_an_array_alone(state: Any) -> None:
    counts = state["counts"]
    with state["lock"]:
        counts[2] = counts[2] + 1


def counted_two(state: Any) -> bool:
    return bool(state["counts"][2] == 2)


def structure(context: Any) -> Any:
    return context.Value(Point, 0, 0)


def moves(point: Any) -> None:
    point.x += 1


def moves_alone(point: Any) -> None:
    with point.get_lock():
        point.x += 1


def moved_twice(point: Any) -> bool:
    return bool(point.x == 2)


def in_a_dataclass(context: Any) -> Any:
    return Account(context.Value("i", 0), context.Lock())


def deposits(account: Any) -> None:
    balance = account.balance
    balance.value += 1


def deposits_alone(account: Any) -> None:
    account.deposit()


def balance_is_two(account: Any) -> bool:
    return bool(account.balance.value == 2)


def in_a_class(context: Any) -> Any:
    return Meter(context)


def measures(meter: Any) -> None:
    meter.raw[0] += 1


def measures_alone(meter: Any) -> None:
    with meter.lock:
        meter.raw[0] += 1


def measured_twice(meter: Any) -> bool:
    return bool(meter.raw[0] == 2)


def in_a_named_tuple(context: Any) -> Any:
    return [Pair(context.Value("i", 1), context.Value("i", 1))]


def moves_one(state: Any) -> None:
    state[0].first.value -= 1
    state[0].second.value += 1


def moves_one_alone(state: Any) -> None:
    with state[0].first.get_lock():
        state[0].first.value -= 1
        state[0].second.value += 1


def sums_up(state: Any) -> None:
    first, second = state[0]
    assert first.value + second.value == 2


def sums_up_alone(state: Any) -> None:
    with state[0].first.get_lock():
        sums_up(state)


def memory(context: Any) -> Any:
    return SharedMemory(create=True, size=16), context.Lock()


def increments_a_byte(state: Any) -> None:
    block, _ = state
    block.buf[3] += 1


def increments_a_byte_alone(state: Any) -> None:
    block, lock = state
    with lock:
        block.buf[3] += 1


def byte_is_two(state: Any) -> bool:
    return bool(state[0].buf[3] == 2)


def increments_a_number(state: Any) -> None:
    block, _ = state
    buffer = block.buf
    number = int.from_bytes(buffer[0:4], "little")
    buffer[0:4] = (number + 1).to_bytes(4, "little")


def increments_a_number_alone(state: Any) -> None:
    with state[1]:
        increments_a_number(state)


def number_is_two(state: Any) -> bool:
    return bytes(state[0].buf[0:4]) == b"\2\0\0\0"


def shareable_list(context: Any) -> Any:
    return ShareableList([0, 1, 2]), context.Lock()


def increments_an_entry(state: Any) -> None:
    entries, _ = state
    entries[0] += 1


def increments_an_entry_alone(state: Any) -> None:
    entries, lock = state
    with lock:
        entries[0] += 1


def entry_is_two(state: Any) -> bool:
    return bool(state[0][0] == 2)


LOST = "lost update"
KINDS = {
    "Value": Kind(
        value, (increments,) * 2, (increments_alone,) * 2, is_two, LOST, ("Value#1.value = 0",)
    ),
    "Array": Kind(
        array,
        (adds_an_item,) * 2,
        (adds_an_item_alone,) * 2,
        item_is_two,
        LOST,
        ("reads Array#1[1] = 0", "writes Array#1[1] = 1"),
    ),
    "RawValue": Kind(
        raw_value,
        (increments_raw,) * 2,
        (increments_raw_alone,) * 2,
        raw_is_two,
        LOST,
        ("reads RawValue#1.value = 0", "writes RawValue#1.value = 1"),
    ),
    "RawArray": Kind(
        raw_array,
        (counts_in_an_array,) * 2,
        (counts_in_an_array_alone,) * 2,
        counted_two,
        LOST,
        ("reads RawArray#1[2] = 0", "writes RawArray#1[2] = 1"),
    ),
    "Structure": Kind(
        structure,
        (moves,) * 2,
        (moves_alone,) * 2,
        moved_twice,
        LOST,
        ("reads Value#1.x = 0", "writes Value#1.x = 1"),
    ),
    "dataclass": Kind(
        in_a_dataclass,
        (deposits,) * 2,
        (deposits_alone,) * 2,
        balance_is_two,
        LOST,
        ("Value#1.value = 0",),
    ),
    "own class": Kind(
        in_a_class,
        (measures,) * 2,
        (measures_alone,) * 2,
        measured_twice,
        LOST,
        ("RawArray#1[0] = 0",),
    ),
    "namedtuple": Kind(
        in_a_named_tuple,
        (moves_one, sums_up),
        (moves_one_alone, sums_up_alone),
        None,
        "torn read",
        ("Value#1.value was already 0, Value#2.value was still 1", "AssertionError"),
    ),
    "SharedMemory": Kind(
        memory,
        (increments_a_byte,) * 2,
        (increments_a_byte_alone,) * 2,
        byte_is_two,
        LOST,
        ("reads SharedMemory#1.buf[3] = 0", "writes SharedMemory#1.buf[3] = 1"),
    ),
    "SharedMemory slices": Kind(
        memory,
        (increments_a_number,) * 2,
        (increments_a_number_alone,) * 2,
        number_is_two,
        LOST,
        ("reads SharedMemory#1.buf =", "writes SharedMemory#1.buf ="),
    ),
    "ShareableList": Kind(
        shareable_list,
        (increments_an_entry,) * 2,
        (increments_an_entry_alone,) * 2,
        entry_is_two,
        LOST,
        ("reads ShareableList#1[0] = 0", "writes ShareableList#1[0] = 1"),
    ),
}
