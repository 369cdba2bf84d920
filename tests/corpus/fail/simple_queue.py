"""One of two producers says when all is done; the consumer stops before the other has delivered.

Kind: order.
Primitive: queue.SimpleQueue. 3 threads, 6 steps.
"""

import queue

END = ""


class Desk:
    def __init__(self) -> None:
        self.letters: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.read = 0


def setup() -> Desk:
    return Desk()


def write(desk: Desk) -> None:
    desk.letters.put("letter")


def write_and_end(desk: Desk) -> None:
    desk.letters.put("letter")
    desk.letters.put(END)


def read(desk: Desk) -> None:
    while desk.letters.get() != END:
        desk.read += 1


ACTORS = (write, write_and_end, read)


def check(desk: Desk) -> bool:
    return desk.read == 2
