"""The second adder waits until the inspector has been there.

SCTBench CS/lazy01, for processes.
"""

from multiprocessing.context import BaseContext


class Data:
    def __init__(self, context: BaseContext) -> None:
        self.inspected = context.Event()
        self.value = context.Value("i", 0)


def setup_with(context: BaseContext) -> Data:
    return Data(context)


def inspect(data: Data) -> None:
    with data.value.get_lock():
        assert data.value.value < 3
    data.inspected.set()


def add_two(data: Data) -> None:
    data.inspected.wait()
    with data.value.get_lock():
        data.value.value += 2


def add_one(data: Data) -> None:
    with data.value.get_lock():
        data.value.value += 1


ACTORS = (inspect, add_two, add_one)


def check(data: Data) -> bool:
    return bool(data.value.value == 3)
