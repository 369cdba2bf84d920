"""`+=` on an attribute is a read and a write, and another thread writes between them.

Kind: lost update. There is no lock at all; with decisions only before the start, the read and the
write of each thread, a random walk meets it in exactly 3 of 8 runs.
2 threads, 6 steps.
"""


class Counter:
    def __init__(self) -> None:
        self.value = 0


def setup() -> Counter:
    return Counter()


def increment(counter: Counter) -> None:
    counter.value += 1


ACTORS = (increment, increment)


def check(counter: Counter) -> bool:
    return counter.value == 2
