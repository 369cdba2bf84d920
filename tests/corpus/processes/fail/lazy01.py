"""The third process demands that the other two have not both been there.

Kind: order. All three hold the lock of the value; it orders nothing.
SCTBench CS/lazy01, for processes.
"""

from multiprocessing.context import BaseContext

from tests.corpus.shared import asserted_by_the_actors


class Data:
    def __init__(self, context: BaseContext) -> None:
        self.value = context.Value("i", 0)


def setup_with(context: BaseContext) -> Data:
    return Data(context)


def inspect(data: Data) -> None:
    with data.value.get_lock():
        assert data.value.value < 3


def add_two(data: Data) -> None:
    with data.value.get_lock():
        data.value.value += 2


def add_one(data: Data) -> None:
    with data.value.get_lock():
        data.value.value += 1


ACTORS = (inspect, add_two, add_one)
check = asserted_by_the_actors
