"""A child changes an attribute of a class and its arguments, and the parent's stay as they were.

A class attribute is "shared by all instances", and an argument is the caller's own list: inside
one process both are true. A child process, though, has a class and a list of its own. Fork copies
all of the parent's memory for it; spawn and forkserver pickle the arguments and load them on the
other side. Either way the child works on copies, and they end when it does.

What should be changed for both has to live in memory that both can see, as a `Value` or an `Array`
does; or the child sends back what it has come to, and the parent changes its own copy.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_02_args_copied.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


class Office:
    city = "Bern"


@pytest.fixture(autouse=True)
def _the_office_is_in_bern() -> Iterator[None]:
    yield
    Office.city = "Bern"


def run(mp_context: Any, target: Any, *args: Any) -> None:
    child = mp_context.Process(target=target, args=args)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


def move(city: str) -> None:
    Office.city = city
    print(f"in the child the office is in {Office.city}")


@pytest.mark.hazard(
    "class-attr-not-shared-across-processes",
    match="the parent finds it in Bern",
    why="all instances of one process share the attribute, and the child has a class of its own",
)
def test_a_class_attribute_set_by_a_child_is_not_set_for_the_parent(mp_context: Any) -> None:
    run(mp_context, move, "Rome")
    assert Office.city == "Rome", (
        f"the child moved the office to Rome, and the parent finds it in {Office.city}"
    )


def move_and_tell(city: str, sender: Any) -> None:
    Office.city = city
    sender.send(Office.city)


@pytest.mark.fix("class-attr-not-shared-across-processes")
def test_the_child_sends_the_new_value_and_the_parent_sets_it(mp_context: Any) -> None:
    receiver, sender = mp_context.Pipe(duplex=False)
    with receiver, sender:
        run(mp_context, move_and_tell, "Rome", sender)
        if receiver.poll():  # the child has ended: what it sent is there
            Office.city = receiver.recv()
    assert Office.city == "Rome"


def negate(numbers: Any) -> None:
    for index in range(len(numbers)):
        numbers[index] = -numbers[index]
    print(f"the child has {numbers[:]}")


@pytest.mark.hazard(
    "args-are-copies",
    match=r"the parent has \[1, 2, 3\]",
    why="the child got a copy of the list, copied by fork or pickled by spawn and forkserver",
)
def test_a_list_given_to_a_child_comes_back_unchanged(mp_context: Any) -> None:
    numbers = [1, 2, 3]
    run(mp_context, negate, numbers)
    assert numbers == [-1, -2, -3], f"the child negated its numbers, and the parent has {numbers}"


@pytest.mark.fix("args-are-copies")
def test_an_array_is_the_same_memory_for_both(mp_context: Any) -> None:
    numbers = mp_context.Array("i", [1, 2, 3])
    run(mp_context, negate, numbers)
    assert numbers[:] == [-1, -2, -3]


# See also: c01_separate_memory/test_01_globals_not_shared.py, for a manager's list, which is a
# third way; and c05_shared_state/test_01_lost_update.py, for what shared memory needs in turn.
