"""The connection lies in the pool again before the semaphore says so.

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
    pool.connections.append(connection)
    pool.free.release()


ACTORS = (use, use)


def check(pool: Pool) -> bool:
    return pool.connections == ["connection"]
