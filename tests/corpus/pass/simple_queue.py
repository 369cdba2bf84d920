"""Each producer says when it is done; the consumer stops at the second end.

Primitive: queue.SimpleQueue. 3 threads, 8 steps.
"""

import queue

END = ""


class Desk:
    def __init__(self) -> None:
        self.letters: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.read = 0


def setup() -> Desk:
    return Desk()


def write_and_end(desk: Desk) -> None:
    desk.letters.put("letter")
    desk.letters.put(END)


def read(desk: Desk) -> None:
    for _ in range(2):
        while desk.letters.get() != END:
            desk.read += 1


ACTORS = (write_and_end, write_and_end, read)


def check(desk: Desk) -> bool:
    return desk.read == 2
