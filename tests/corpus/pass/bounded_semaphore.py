"""Only a thread that got the place gives it back.

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
    if room.places.acquire(blocking=False):
        try:
            room.visits += 1
        finally:
            room.places.release()


ACTORS = (visit, visit)


def check(room: Room) -> bool:
    return room.visits >= 1
