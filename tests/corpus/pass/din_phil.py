"""N philosophers each eat once, and the check says so.

SCTBench CS/din_phil2 to din_phil7: N + 1 threads with main, 21 to 59 steps.
"""

import threading

from tests.corpus.shared import Shape


class Table:
    def __init__(self, philosophers: int) -> None:
        self.forks = [threading.Lock() for _ in range(philosophers)]
        self.lock = threading.Lock()
        self.seated = 0
        self.eaten = 0


def dine(table: Table) -> None:
    with table.lock:
        left = table.seated
        table.seated += 1
    right = (left + 1) % len(table.forks)
    with table.forks[min(left, right)], table.forks[max(left, right)], table.lock:
        table.eaten += 1


def all_have_eaten(table: Table) -> bool:
    return table.eaten == len(table.forks)


def family(philosophers: int = 2) -> Shape[Table]:
    return lambda: Table(philosophers), (dine,) * philosophers, all_have_eaten


setup, ACTORS, check = family()
