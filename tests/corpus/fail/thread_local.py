"""The buffer is an attribute of a `local`, but all threads put the same list there.

Kind: atomicity violation. `local` makes the name private, not what it names.
Primitive: local. 2 threads, 8 steps.
"""

import threading


class Writer:
    def __init__(self) -> None:
        self.local = threading.local()
        self.buffer: list[str] = []
        self.lines: list[str] = []

    def write(self, words: tuple[str, str]) -> None:
        self.local.buffer = self.buffer
        self.local.buffer.clear()
        for word in words:
            self.local.buffer.append(word)
        self.lines.append(" ".join(self.local.buffer))


def setup() -> Writer:
    return Writer()


def greet(writer: Writer) -> None:
    writer.write(("good", "day"))


def part(writer: Writer) -> None:
    writer.write(("see", "you"))


ACTORS = (greet, part)


def check(writer: Writer) -> bool:
    return sorted(writer.lines) == ["good day", "see you"]
