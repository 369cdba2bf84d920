"""Two children draw random numbers, and draw the same ones.

A generator of random numbers is an object in memory, and where it stands in its sequence is part of
that memory. Fork copies it, so each child goes on from the same place. Simulations then repeat each
other, and a hundred samples are worth as many as one. With spawn and forkserver each child imports
the module and makes a generator of its own, seeded from the system. A generator made with a fixed
seed in the module draws the same numbers in every child of every start method.

It is often told of all random numbers in Python. The functions of the module `random` itself are
safe: Python seeds them anew in every forked child. `os.urandom`, `secrets` and `uuid.uuid4` are
safe too, as they ask the system. NumPy's global generator is not.

    pytest -p pytest_concurrency examples/c08_fork/test_04_same_random_numbers.py --hazards=fail
"""

from __future__ import annotations

import random
from typing import Any

import pytest

dice = random.Random()


def draw(number: int, answers: Any) -> None:
    answers.put(dice.random())


def draw_from_the_module(number: int, answers: Any) -> None:
    answers.put(random.random())


def draw_from_own_seed(number: int, answers: Any) -> None:
    own_dice = random.Random(f"experiment 7, child {number}")
    answers.put(own_dice.random())


def different_draws(mp_context: Any, target: Any) -> int:
    answers = mp_context.Queue()
    children = [mp_context.Process(target=target, args=(number, answers)) for number in range(2)]
    for child in children:
        child.start()
    draws = [answers.get(timeout=30) for _ in children]
    for child in children:
        child.join(timeout=30)
    assert [child.exitcode for child in children] == [0, 0]
    return len(set(draws))


@pytest.mark.hazard(
    "fork-duplicates-random",
    under=("fork",),
    match="it is the same one",
    why="each child has a copy of the generator, at the same place in the same sequence",
)
def test_forked_children_draw_the_same_number(mp_context: Any) -> None:
    different = different_draws(mp_context, draw)
    assert different == 2, "two children drew a random number each, and it is the same one"


@pytest.mark.fix("fork-duplicates-random")
def test_the_functions_of_the_module_random_are_seeded_anew_in_a_child(mp_context: Any) -> None:
    assert different_draws(mp_context, draw_from_the_module) == 2


@pytest.mark.fix("fork-duplicates-random")
def test_a_seed_for_each_child_gives_different_numbers_that_can_be_repeated(
    mp_context: Any,
) -> None:
    assert different_draws(mp_context, draw_from_own_seed) == 2


# See also: test_05_open_file.py, for another thing that has a place and is shared.
