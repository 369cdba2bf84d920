"""Programs of the SCTBench suite, written from their descriptions, with the sizes PERIOD used.

The main actor starts all others and joins them; both are visible operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.unit.race.strategies.simulator import Lock, Program, Simulator, Target, operation

Make = Callable[[Simulator], Sequence[Target]]

READ_A, WRITE_A = operation("read", "a"), operation("write", "a")
READ_B, WRITE_B = operation("read", "b"), operation("write", "b")


def reorder(setters: int, checkers: int) -> Make:
    """Two variables are set one after the other; a checker sees only the first."""

    def make(simulator: Simulator) -> Sequence[Target]:
        a = b = 0

        def set_both(simulator: Simulator) -> Program:
            nonlocal a, b
            yield WRITE_A
            a = 1
            yield WRITE_B
            b = -1

        def check(simulator: Simulator) -> Program:
            yield READ_A
            if a == 0:
                yield READ_B
                if b == 0:
                    return
            yield READ_A
            if a == 1:
                yield READ_B
                if b == -1:
                    return
            simulator.failed = True

        return [simulator.main(*[set_both] * setters, *[check] * checkers)]

    return make


def twostage(writers: int, readers: int) -> Make:
    """Two variables are set under a lock each; a reader looks between the two stages."""

    def make(simulator: Simulator) -> Sequence[Target]:
        first, second = Lock("first"), Lock("second")
        a = b = 0

        def write(simulator: Simulator) -> Program:
            nonlocal a, b
            yield from first.acquire()
            yield WRITE_A
            a = 1
            yield from first.release(simulator)
            yield from second.acquire()
            yield READ_A
            new = a + 1
            yield WRITE_B
            b = new
            yield from second.release(simulator)

        def read(simulator: Simulator) -> Program:
            yield from first.acquire()
            yield READ_A
            if a == 0:
                yield from first.release(simulator)
                return
            yield READ_A
            seen = a
            yield from first.release(simulator)
            yield from second.acquire()
            yield READ_B
            simulator.failed |= b != seen + 1
            yield from second.release(simulator)

        return [simulator.main(*[write] * writers, *[read] * readers)]

    return make


def wronglock(others: int) -> Make:
    """One actor adds to a number under one lock, the others under another."""

    def make(simulator: Simulator) -> Sequence[Target]:
        right, wrong = Lock("right"), Lock("wrong")
        a = 0

        def checked(simulator: Simulator) -> Program:
            nonlocal a
            yield from right.acquire()
            yield READ_A
            before = a
            yield READ_A
            new = a + 1
            yield WRITE_A
            a = new
            yield READ_A
            simulator.failed |= a != before + 1
            yield from right.release(simulator)

        def unchecked(simulator: Simulator) -> Program:
            nonlocal a
            yield from wrong.acquire()
            yield READ_A
            new = a + 1
            yield WRITE_A
            a = new
            yield from wrong.release(simulator)

        return [simulator.main(checked, *[unchecked] * others)]

    return make


def lazy01(simulator: Simulator) -> Sequence[Target]:
    """Everything is under one lock, but the check must not come last; it is started first."""
    lock = Lock("lock")
    a = 0

    def add(amount: int) -> Target:
        def adds(simulator: Simulator) -> Program:
            nonlocal a
            yield from lock.acquire()
            yield READ_A
            new = a + amount
            yield WRITE_A
            a = new
            yield from lock.release(simulator)

        return adds

    def check(simulator: Simulator) -> Program:
        yield from lock.acquire()
        yield READ_A
        simulator.failed |= a >= 3
        yield from lock.release(simulator)

    return [simulator.main(check, add(2), add(1))]


def stringbuffer(simulator: Simulator) -> Sequence[Target]:
    """A buffer is appended to another; it shrinks between the look at its length and the copy."""
    target, source = Lock("target"), Lock("source")
    a = 3

    def append(simulator: Simulator) -> Program:
        yield from target.acquire()
        yield from source.acquire()
        yield READ_A
        length = a
        yield from source.release(simulator)
        yield READ_B
        yield from source.acquire()
        yield READ_A
        simulator.failed |= length > a
        yield from source.release(simulator)
        yield READ_B
        yield WRITE_B
        yield from target.release(simulator)

    def erase(simulator: Simulator) -> Program:
        nonlocal a
        yield from source.acquire()
        yield READ_A
        yield WRITE_A
        a = 0
        yield from source.release(simulator)

    return [simulator.main(append, erase)]


PROGRAMS: dict[str, Make] = {
    "reorder_3": reorder(2, 1),
    "reorder_10": reorder(9, 1),
    "reorder_20": reorder(10, 10),
    "reorder_50": reorder(40, 10),
    "reorder_100": reorder(99, 1),
    "twostage_20": twostage(10, 10),
    "twostage_50": twostage(40, 10),
    "twostage_100": twostage(99, 1),
    "stringbuffer": stringbuffer,
    "wronglock": wronglock(7),
    "lazy01": lazy01,
}
