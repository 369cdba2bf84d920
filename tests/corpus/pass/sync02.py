"""Several rounds of producing and consuming, with a count that starts at zero.

SCTBench CS/sync02: 3 threads with main, 18 steps.
"""

import threading

ROUNDS = 3


class Store:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.room = threading.Condition(self.lock)
        self.goods = threading.Condition(self.lock)
        self.count = 0


def setup() -> Store:
    return Store()


def produce(store: Store) -> None:
    for _ in range(ROUNDS):
        with store.lock:
            while store.count > 0:
                store.room.wait()
            store.count += 1
            store.goods.notify()


def consume(store: Store) -> None:
    for _ in range(ROUNDS):
        with store.lock:
            while store.count == 0:
                store.goods.wait()
            store.count -= 1
            store.room.notify()


ACTORS = (produce, consume)


def check(store: Store) -> bool:
    return store.count == 0
