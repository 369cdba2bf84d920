"""Each thread puts a list of its own into the `local`.

Primitive: local. 2 threads, 8 steps.
"""

import threading


class Writer:
    def __init__(self) -> None:
        self.local = threading.local()
        self.lines: list[str] = []

    def write(self, words: tuple[str, str]) -> None:
        self.local.buffer = []
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
