"""The first of a class waits for the room and holds the door, which the other needs to leave.

Kind: deadlock. Class B waits for the room with the door locked, and class A cannot get out.
SCTBench CS/carter01: 5 threads with main, 19 steps; two of the four threads are empty.
"""

import threading


class Building:
    def __init__(self) -> None:
        self.door = threading.Lock()
        self.room = threading.Lock()  # taken by the first of a class, released by the last
        self.inside_a = 0
        self.inside_b = 0
        self.visits = 0


def setup() -> Building:
    return Building()


def visit_a(building: Building) -> None:
    with building.door:
        building.inside_a += 1
        if building.inside_a == 1:
            building.room.acquire()
    building.visits += 1
    with building.door:
        building.inside_a -= 1
        if building.inside_a == 0:
            building.room.release()


def visit_b(building: Building) -> None:
    with building.door:
        building.inside_b += 1
        if building.inside_b == 1:
            building.room.acquire()
    building.visits += 1
    with building.door:
        building.inside_b -= 1
        if building.inside_b == 0:
            building.room.release()


def stay_away(building: Building) -> None:
    pass


ACTORS = (visit_a, visit_b, stay_away, stay_away)


def check(building: Building) -> bool:
    return building.visits == 2
