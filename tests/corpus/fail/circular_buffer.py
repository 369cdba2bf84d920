"""Sender and receiver take turns by flags, but a side whose turn it is not skips a number.

Kind: order. The receiver compares the buffer with its own count, which ran on while it skipped.
SCTBench CS/circular_buffer: 3 threads with main, 31 steps; N = 7.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors

COUNT = 7
SIZE = 10


class Buffer:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells = [0] * SIZE
        self.first = 0
        self.next = 0
        self.may_send = True
        self.may_receive = False

    def insert(self, number: int) -> None:
        self.cells[self.next] = number
        self.next = (self.next + 1) % SIZE

    def remove(self) -> int:
        number = self.cells[self.first]
        self.first = (self.first + 1) % SIZE
        return number


def setup() -> Buffer:
    return Buffer()


def send(buffer: Buffer) -> None:
    for number in range(COUNT):
        with buffer.lock:
            if buffer.may_send:
                buffer.insert(number)
                buffer.may_send = False
                buffer.may_receive = True


def receive(buffer: Buffer) -> None:
    for number in range(COUNT):
        with buffer.lock:
            if buffer.may_receive:
                assert buffer.remove() == number
                buffer.may_receive = False
                buffer.may_send = True


ACTORS = (send, receive)
check = asserted_by_the_actors
