"""How long a worker runs that says that it will run one, two or three seconds.

    python benchmarks/lesson_durations.py [--rounds 5] [--additions 1000000]

It counts to so many for each second, as one tutorial has it. The lesson is
examples/c11_costs/test_08_counting_is_not_time.py.
"""

from __future__ import annotations

from functools import partial

from lesson_table import Way, arguments, measure, show

WHY = (
    "the worker of the tutorial counts to a million for each second it was told to run, and how "
    "long that takes is a matter of the machine and of the Python. Twice the duration is twice the "
    "time, but a second is not a second."
)


def count(duration: int, additions: int) -> None:
    """Works as the tutorial's worker does."""
    result = 0
    for _ in range(duration * additions):
        result += 1  # noqa: SIM113 - as the tutorial has it


def main() -> None:
    """Measures and prints."""
    options = arguments(__doc__, rounds=5, additions=1_000_000)
    ways = [
        Way(f"told to run {duration} s", partial(count, duration, options.additions), duration)
        for duration in (1, 2, 3)
    ]
    title = f"{options.additions:,} additions for each second (the tutorial: 1,000,000)"
    show(title, "seconds", measure(ways, options.rounds), WHY)


if __name__ == "__main__":
    main()
