"""The semaphore says that a connection is free before it lies in the pool again.

Kind: order; the next user pops from an empty pool.
Primitive: Semaphore. 2 threads, 8 steps.
"""

import threading


class Pool:
    def __init__(self) -> None:
        self.free = threading.Semaphore(1)
        self.connections = ["connection"]


def setup() -> Pool:
    return Pool()


def use(pool: Pool) -> None:
    pool.free.acquire()
    connection = pool.connections.pop()
    pool.free.release()
    pool.connections.append(connection)


ACTORS = (use, use)


def check(pool: Pool) -> bool:
    return pool.connections == ["connection"]
