"""The second adder waits until the inspector has been there.

SCTBench CS/lazy01: 4 threads with main, 11 steps; the last thread is made first (PERIOD).
"""

import threading


class Data:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inspected = threading.Event()
        self.value = 0


def setup() -> Data:
    return Data()


def inspect(data: Data) -> None:
    with data.lock:
        assert data.value < 3
    data.inspected.set()


def add_two(data: Data) -> None:
    data.inspected.wait()
    with data.lock:
        data.value += 2


def add_one(data: Data) -> None:
    with data.lock:
        data.value += 1


ACTORS = (inspect, add_two, add_one)


def check(data: Data) -> bool:
    return data.value == 3
