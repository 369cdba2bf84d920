"""A consumer that was woken does not look again whether there is something left to consume.

Kind: check-then-act (`if` round a wait); another consumer comes before the woken one.
Primitive: Condition. 3 threads, 14 steps.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors


class Store:
    def __init__(self) -> None:
        self.filled = threading.Condition()
        self.items: list[str] = []


def setup() -> Store:
    return Store()


def consume(store: Store) -> None:
    with store.filled:
        if not store.items:
            store.filled.wait()
        store.items.pop()


def produce(store: Store) -> None:
    for item in ("first", "second"):
        with store.filled:
            store.items.append(item)
            store.filled.notify()


ACTORS = (consume, consume, produce)
check = asserted_by_the_actors
