"""Programs on numpy arrays over shared memory; imported by the processes themselves."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy  # type: ignore[import-not-found,unused-ignore]

from tests.unit.race.processes.kinds import Kind


def memory(context: Any) -> Any:
    block = SharedMemory(create=True, size=32)
    numpy.ndarray((4,), "i8", block.buf)[:] = 0
    return block, context.Lock()


def increments(state: Any) -> None:
    block, _ = state
    numbers = numpy.ndarray((4,), "i8", block.buf)
    numbers[2] += 1


def increments_alone(state: Any) -> None:
    with state[1]:
        increments(state)


def is_two(state: Any) -> bool:
    return bool(numpy.ndarray((4,), "i8", state[0].buf)[2] == 2)


def raw_array(context: Any) -> Any:
    return context.RawArray("i", 4), context.Lock()


def increments_raw(state: Any) -> None:
    numbers = numpy.frombuffer(state[0], "i4")
    numbers[2] += 1


def increments_raw_alone(state: Any) -> None:
    with state[1]:
        increments_raw(state)


def raw_is_two(state: Any) -> bool:
    return bool(state[0][2] == 2)


KINDS = {
    "over SharedMemory": Kind(
        memory,
        (increments,) * 2,
        (increments_alone,) * 2,
        is_two,
        "lost update",
        (
            "reads ndarray over SharedMemory#1.buf[2] = 0",
            "writes ndarray over SharedMemory#1.buf[2] =",
        ),
    ),
    "over RawArray": Kind(
        raw_array,
        (increments_raw,) * 2,
        (increments_raw_alone,) * 2,
        raw_is_two,
        "lost update",
        ("reads ndarray over RawArray#1[2] = 0", "writes ndarray over RawArray#1[2] = 1"),
    ),
}
