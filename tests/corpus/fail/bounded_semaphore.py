"""A thread that did not get the only place gives it back all the same.

Kind: order; only if two threads meet, and then the second release is one too many (ValueError).
Primitive: BoundedSemaphore. 2 threads, 6 steps.
"""

import threading


class Room:
    def __init__(self) -> None:
        self.places = threading.BoundedSemaphore(1)
        self.visits = 0


def setup() -> Room:
    return Room()


def visit(room: Room) -> None:
    try:
        if room.places.acquire(blocking=False):
            room.visits += 1
    finally:
        room.places.release()


ACTORS = (visit, visit)


def check(room: Room) -> bool:
    return room.visits >= 1
