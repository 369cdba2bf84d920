"""All wait once more between reading the cells and writing them.

Primitive: Barrier. 2 threads, 12 steps.
"""

import threading


class Grid:
    def __init__(self) -> None:
        self.phase = threading.Barrier(2)
        self.left = 0
        self.right = 0


def setup() -> Grid:
    return Grid()


def fill_left(grid: Grid) -> None:
    grid.left = 1
    grid.phase.wait()
    total = grid.left + grid.right
    grid.phase.wait()
    grid.left = total


def fill_right(grid: Grid) -> None:
    grid.right = 2
    grid.phase.wait()
    total = grid.left + grid.right
    grid.phase.wait()
    grid.right = total


ACTORS = (fill_left, fill_right)


def check(grid: Grid) -> bool:
    return (grid.left, grid.right) == (3, 3)
