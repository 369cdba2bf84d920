"""A child process appends to a list of its module, and the parent's list stays as it was.

Both run the same file and both say `guests`, so one expects one list. But a process has its own
memory: the child has a list of the same name, and it ends with the child. Joining a process brings
back its exit code, never its data.

What the child's list holds when it starts depends on the start method. Under fork it is a copy of
the parent's memory, with all that has happened there. Under spawn and forkserver the child imports
the module afresh, and knows nothing of what the parent did since.

    pytest -p pytest_concurrency examples/c01_*/test_01_globals_not_shared.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

guests = ["Ann"]


@pytest.fixture(autouse=True)
def _only_ann_is_invited() -> Iterator[None]:
    yield
    guests[:] = ["Ann"]


def start(mp_context: Any, target: Any, *args: Any) -> Any:
    child = mp_context.Process(target=target, args=args)
    child.start()
    return child


def finish(child: Any) -> None:
    child.join(timeout=30)
    assert child.exitcode == 0


def invite(name: str) -> None:
    guests.append(name)
    print(f"the child has {guests}")


@pytest.mark.hazard(
    "globals-not-shared",
    match="the parent has",
    why="the child appended to a list in its own memory, which ended with the child",
)
def test_what_a_child_appends_never_reaches_the_parent(mp_context: Any) -> None:
    finish(start(mp_context, invite, "Bob"))
    assert guests == ["Ann", "Bob"], f"the child invited Bob, and the parent has {guests}"


def invite_and_tell(name: str, answers: Any) -> None:
    guests.append(name)
    answers.put(guests)


@pytest.mark.fix("globals-not-shared")
def test_a_queue_brings_the_list_back(mp_context: Any) -> None:
    answers = mp_context.Queue()
    child = start(mp_context, invite_and_tell, "Bob", answers)
    answer = answers.get(timeout=30)  # before the join: a child may wait for its queue to be read
    finish(child)
    assert answer == ["Ann", "Bob"]


def invite_to(shared_guests: Any, name: str) -> None:
    shared_guests.append(name)


@pytest.mark.fix("globals-not-shared")
def test_a_manager_keeps_one_list_for_all(mp_context: Any) -> None:
    with mp_context.Manager() as manager:
        shared_guests = manager.list(guests)
        finish(start(mp_context, invite_to, shared_guests, "Bob"))
        assert list(shared_guests) == ["Ann", "Bob"]


def tell_guests(answers: Any) -> None:
    answers.put(guests)


@pytest.mark.hazard(
    "parent-state-visible-only-under-fork",
    under=("spawn", "forkserver"),
    match="the child sees",
    why="the child imported the module afresh: what the parent did to it later is not there",
)
def test_a_child_sees_what_the_parent_did_before(mp_context: Any) -> None:
    guests.append("Cid")
    answers = mp_context.Queue()
    child = start(mp_context, tell_guests, answers)
    view = answers.get(timeout=30)
    finish(child)
    assert view == ["Ann", "Cid"], f"the parent invited Cid, and the child sees {view}"


def tell(names: list[str], answers: Any) -> None:
    answers.put(names)


@pytest.mark.fix("parent-state-visible-only-under-fork")
def test_what_is_passed_as_an_argument_arrives(mp_context: Any) -> None:
    guests.append("Cid")
    answers = mp_context.Queue()
    child = start(mp_context, tell, guests, answers)
    view = answers.get(timeout=30)
    finish(child)
    assert view == ["Ann", "Cid"]


# See also: c05_shared_state/test_01_lost_update.py, for memory that two processes do share.
