"""The result of one call depends on whether another one has been made before.

An attribute of a class is one for all of its objects, until one of them is assigned the same name.
`self.place = "sh"` makes an attribute of that object, which hides the one of the class;
`cls.place = "sh"` changes it for everybody, from then on. One tutorial calls such attributes
"shared by all instances", which holds for reading, and for a list that is changed in place.

The tutorial's own sample prints `bj, sh` or `sh, sh`, depending on the order of its lines. In a
suite that is a test that passes alone and fails after another, or under `xdist`, or in a random
order: the most frequent kind of flaky test, and no concurrency is needed for it.

    pytest -p pytest_concurrency examples/c10_*/test_03_class_attributes.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest


class Person:
    place = "bj"

    @classmethod
    def move_all(cls, place: str) -> None:
        cls.place = place

    def come_of_age(self) -> str:
        Person.move_all("sh")
        return self.place


@pytest.fixture
def _everybody_is_in_bj() -> Iterator[None]:
    yield
    Person.place = "bj"


def where_tom_lives() -> str:
    return Person().place


def where_ann_lives() -> str:
    return Person().come_of_age()


@pytest.mark.hazard(
    "class-attr-order-dependence",
    match="Tom lives in bj when asked first, and in sh when asked second",
    why="the call for Ann changed an attribute of the class, which Tom reads, too",
)
@pytest.mark.usefixtures("_everybody_is_in_bj")
def test_the_second_answer_depends_on_the_first_question() -> None:
    tom_first = where_tom_lives()
    where_ann_lives()
    tom_second = where_tom_lives()
    assert tom_first == tom_second, (
        f"Tom lives in {tom_first} when asked first, and in {tom_second} when asked second"
    )


class Citizen:
    def __init__(self) -> None:
        self.place = "bj"

    def come_of_age(self) -> str:
        self.place = "sh"
        return self.place


@pytest.mark.fix("class-attr-order-dependence")
def test_what_belongs_to_a_person_is_stored_in_the_object() -> None:
    tom, ann = Citizen(), Citizen()
    assert [tom.place, ann.come_of_age(), tom.place] == ["bj", "sh", "bj"]


@pytest.mark.fix("class-attr-order-dependence")
def test_a_monkeypatch_puts_the_class_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:  # a test that asks for monkeypatch has the block for free
        patch.setattr(Person, "place", "bj")
        assert where_ann_lives() == "sh"
    assert where_tom_lives() == "bj"


@pytest.mark.hazard(
    "instance-shadows-class-attr",
    match="Ann lives in gz, and Tom in sh",
    why="assigning to an object makes an attribute of its own, which hides the one of the class",
)
@pytest.mark.usefixtures("_everybody_is_in_bj")
def test_one_who_has_a_place_of_her_own_does_not_move_along() -> None:
    ann, tom = Person(), Person()
    ann.place = "gz"
    Person.move_all("sh")
    assert ann.place == tom.place, (
        f"all have moved to sh, but Ann lives in {ann.place}, and Tom in {tom.place}"
    )


@pytest.mark.fix("instance-shadows-class-attr")
@pytest.mark.usefixtures("_everybody_is_in_bj")
def test_without_it_she_reads_the_class_again() -> None:
    ann = Person()
    ann.place = "gz"
    del ann.place  # her own; the class keeps the other one
    Person.move_all("sh")
    assert ann.place == "sh"


@pytest.mark.usefixtures("_everybody_is_in_bj")
def test_a_class_hides_the_attribute_of_its_base_as_well() -> None:
    class Student(Person):
        pass

    Student.move_all("gz")
    assert (Student().come_of_age(), Person().place) == ("gz", "sh")


def test_a_list_that_is_changed_in_place_hides_nothing() -> None:
    class Guest:
        wishes: ClassVar[list[str]] = []

    Guest().wishes.append("tea")
    assert Guest().wishes == ["tea"]  # another guest, and the same list


# See also: c01_separate_memory/test_01_globals_not_shared.py: no child process sees any of this.
