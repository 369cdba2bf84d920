"""A side whose turn it is not waits for its turn.

SCTBench CS/circular_buffer: 3 threads with main, 31 steps; N = 7.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors

COUNT = 7
SIZE = 10


class Buffer:
    def __init__(self) -> None:
        self.turn = threading.Condition(threading.Lock())
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
        with buffer.turn:
            while not buffer.may_send:
                buffer.turn.wait()
            buffer.insert(number)
            buffer.may_send = False
            buffer.may_receive = True
            buffer.turn.notify()


def receive(buffer: Buffer) -> None:
    for number in range(COUNT):
        with buffer.turn:
            while not buffer.may_receive:
                buffer.turn.wait()
            assert buffer.remove() == number
            buffer.may_receive = False
            buffer.may_send = True
            buffer.turn.notify()


ACTORS = (send, receive)
check = asserted_by_the_actors
