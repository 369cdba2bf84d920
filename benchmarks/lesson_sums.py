"""Adding 8,000,000 ones: in a loop, in eight chunks, in threads and in processes.

    python benchmarks/lesson_sums.py [--numbers 8000000] [--rounds 5]

One tutorial measures four of these ways and leaves out those that would have said where the gain
comes from: the loop over chunks, and `sum` of the whole list. The lessons are
examples/c11_costs/test_01_chunks_of_a_sum.py and test_02_sending_costs.py.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

from lesson_table import METHODS, Way, arguments, measure, show

CHUNKS = 8
WHY = (
    "the tutorial says that the chunks made it faster, and changed the loop for sum() at the same "
    "time; the loop over chunks is as slow as the loop, and sum() of the whole list as fast as of "
    "its chunks. Threads take turns. To start processes and send them the numbers takes longer "
    "than to add those, and so does the start alone, where each makes its own numbers. The "
    "tutorial names neither its machine nor its Python."
)


def loop(numbers: list[int]) -> int:
    """Adds one number after the other."""
    total = 0
    for number in numbers:
        total += number
    return total


def loop_over(chunks: list[list[int]]) -> int:
    """Adds one number after the other, chunk by chunk."""
    return sum([loop(chunk) for chunk in chunks])


def sum_over(chunks: list[list[int]]) -> int:
    """Adds the sums of the chunks."""
    return sum([sum(chunk) for chunk in chunks])


def sum_in(make: Callable[[int], Executor], chunks: list[list[int]]) -> int:
    """Adds the sums of the chunks, each made by a worker of its own."""
    with make(CHUNKS) as executor:
        return sum([future.result() for future in [executor.submit(sum, part) for part in chunks]])


def sum_of_ones(size: int) -> int:
    """Makes a chunk and adds it up."""
    return sum([1] * size)


def sum_in_place(make: Callable[[int], Executor], sizes: list[int]) -> int:
    """Adds the sums of chunks that the workers make themselves."""
    with make(CHUNKS) as executor:
        return sum(executor.map(sum_of_ones, sizes))


def right(add: Callable[[], object], total: int) -> None:
    """Adds, and sees to it that the sum is right."""
    assert add() == total


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=5, numbers=8_000_000)
    numbers = [1] * options.numbers
    size = -(-options.numbers // CHUNKS)
    chunks = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    processes = {
        method: partial(ProcessPoolExecutor, mp_context=multiprocessing.get_context(method))
        for method in METHODS
    }
    ways = [
        Way("loop", partial(loop, numbers), 0.9650969505310059),
        Way("loop over 8 chunks", partial(loop_over, chunks)),
        Way("sum() of the whole list", partial(sum, numbers)),
        Way("sum() of 8 chunks", partial(sum_over, chunks), 0.07107281684875488),
        Way("sum() in 8 threads", partial(sum_in, ThreadPoolExecutor, chunks), 0.09244751930236816),
    ]
    for method, make in processes.items():
        name = f"sum() in 8 processes, {method}"
        ways.append(Way(name, partial(sum_in, make, chunks), 0.854262113571167))
    for method, make in processes.items():
        sizes = [len(chunk) for chunk in chunks]
        name = f"8 processes that make their chunks, {method}"
        ways.append(Way(name, partial(sum_in_place, make, sizes)))
    ways = [Way(way.name, partial(right, way.run, len(numbers)), way.tutorial) for way in ways]
    title = f"{options.numbers:,} additions (the tutorial: 8,000,000)"
    show(title, "seconds", measure(ways, options.rounds), WHY)


if __name__ == "__main__":
    main()
