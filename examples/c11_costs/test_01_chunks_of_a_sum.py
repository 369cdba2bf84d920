"""A list is split into eight chunks to add it up faster, and nothing is faster for that.

One tutorial adds 8,000,000 numbers in a loop, in 0.97 seconds. Then it splits them into eight
chunks and needs 0.07 seconds, and it says that the chunks did it. But with the chunks came `sum`:
the loop was replaced by a function in C. The two missing measurements are the loop over eight
chunks, which is as slow as the loop, and `sum` of the whole list, which is as fast as that of the
chunks.

Here no time is taken. The interpreter tells of each line that it goes through, and the lines are
counted. Eight loops over a chunk each are the same additions, and some lines more. `sum` is one
line, however long the list is.

    pytest -p pytest_concurrency examples/c11_costs/test_01_chunks_of_a_sum.py --hazards=fail

In seconds: `python benchmarks/lesson_sums.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

NUMBERS = [1] * 8_000
CHUNKS = [NUMBERS[start : start + 1_000] for start in range(0, 8_000, 1_000)]


def loop(numbers: list[int]) -> int:
    total = 0
    for number in numbers:
        total += number
    return total


def loop_over_chunks(chunks: list[list[int]]) -> int:
    return sum([loop(chunk) for chunk in chunks])


def sum_over_chunks(chunks: list[list[int]]) -> int:
    return sum([sum(chunk) for chunk in chunks])


def lines_run(function: Callable[[Any], int], argument: Any) -> int:
    """Returns how many lines the interpreter goes through, and checks that the sum is right."""
    lines = 0

    def count(frame: Any, event: str, _: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        total = function(argument)
    finally:
        sys.settrace(before)
    assert total == 8_000
    return lines


@pytest.mark.hazard(
    "sum-vs-loop",
    match="eight loops",
    why="chunks that are added up one after the other are the same additions as the whole",
)
def test_a_loop_over_eight_chunks_does_no_less_than_one_loop() -> None:
    whole, chunks = lines_run(loop, NUMBERS), lines_run(loop_over_chunks, CHUNKS)
    assert chunks < whole / 2, (
        f"chunks were to save work: one loop runs {whole:,} lines, eight loops run {chunks:,}"
    )


@pytest.mark.fix("sum-vs-loop")
def test_the_function_sum_takes_one_line_with_and_without_chunks() -> None:
    of_the_loop = lines_run(loop, NUMBERS)
    assert lines_run(sum, NUMBERS) == 0  # it is written in C
    assert lines_run(sum_over_chunks, CHUNKS) < of_the_loop / 100


# See also: test_02_sending_costs.py, for the same chunks in processes.
