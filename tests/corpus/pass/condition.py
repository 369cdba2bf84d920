"""A consumer that was woken looks again, and goes on waiting if it finds nothing.

Primitive: Condition. 3 threads, 14 steps.
"""

import threading


class Store:
    def __init__(self) -> None:
        self.filled = threading.Condition()
        self.items: list[str] = []


def setup() -> Store:
    return Store()


def consume(store: Store) -> None:
    with store.filled:
        while not store.items:
            store.filled.wait()
        store.items.pop()


def produce(store: Store) -> None:
    for item in ("first", "second"):
        with store.filled:
            store.items.append(item)
            store.filled.notify()


ACTORS = (consume, consume, produce)


def check(store: Store) -> bool:
    return not store.items
