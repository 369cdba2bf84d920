"""The pop that empties the stack lowers the flag.

SCTBench CS/stack: 3 threads with main, 43 steps; SIZE = 10.
"""

import threading

from tests.corpus.shared import asserted_by_the_actors

SIZE = 10


class Stack:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cells = [0] * SIZE
        self.top = 0
        self.filled = False

    def push(self, value: int) -> None:
        assert self.top < SIZE, "overflow"
        self.cells[self.top] = value
        self.top += 1

    def pop(self) -> int:
        assert self.top > 0, "underflow"
        self.top -= 1
        return self.cells[self.top]


def setup() -> Stack:
    return Stack()


def push_all(stack: Stack) -> None:
    for value in range(SIZE):
        with stack.lock:
            stack.push(value)
            stack.filled = True


def pop_all(stack: Stack) -> None:
    for _ in range(SIZE):
        with stack.lock:
            if stack.filled:
                stack.pop()
                stack.filled = stack.top > 0


ACTORS = (push_all, pop_all)
check = asserted_by_the_actors
