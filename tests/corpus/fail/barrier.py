"""Nothing stands between reading all cells and writing one's own: the slower thread reads a sum.

Kind: order. The barrier separates the first phase from the second and the second from nothing.
Primitive: Barrier. 2 threads, 10 steps.
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
    grid.left = grid.left + grid.right


def fill_right(grid: Grid) -> None:
    grid.right = 2
    grid.phase.wait()
    grid.right = grid.left + grid.right


ACTORS = (fill_left, fill_right)


def check(grid: Grid) -> bool:
    return (grid.left, grid.right) == (3, 3)
