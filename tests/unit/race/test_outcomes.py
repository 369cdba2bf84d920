from __future__ import annotations

import enum
import gc
import itertools
import subprocess
import sys
import weakref
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_concurrency.race.outcomes import Grades, Outcomes
from pytest_concurrency.race.schedule import Point, Schedule, Segment

LOST = Schedule((Segment("0", Point("write", "increment", 1, 1)), Segment("1"), Segment("0")))
IN_ORDER = Schedule((Segment("0"), Segment("1")))


def noted(values: Iterable[object], *, exact: bool = False, **declared: Any) -> Outcomes:
    outcomes = Outcomes(Grades(**declared), exact)
    for value in values:
        schedule = LOST if value == 1 else IN_ORDER
        outcomes.note(value, partial(Schedule, schedule.segments))
    return outcomes


def grades_of(values: Iterable[object], **declared: Any) -> list[str]:
    grades = Grades(**declared)
    return [grades.of(value) for value in values]


def test_what_nobody_declared_is_forbidden() -> None:
    assert grades_of([1, 2, 3], acceptable=[2], interesting=[1]) == [
        "interesting",
        "acceptable",
        "forbidden",
    ]
    assert grades_of([1], acceptable=[]) == ["forbidden"]
    assert grades_of([1, 2], interesting=[1]) == ["interesting", "forbidden"]


def test_if_only_forbidden_is_declared_the_others_are_acceptable() -> None:
    assert grades_of([1, 2], forbidden=[1]) == ["forbidden", "acceptable"]


def test_if_nothing_is_declared_all_are_just_seen() -> None:
    assert grades_of([1, None]) == ["seen", "seen"]
    assert not Grades().declared
    assert Grades(acceptable=()).declared


def test_the_most_severe_declaration_counts() -> None:
    assert grades_of([1], acceptable=[1], interesting=[1]) == ["interesting"]
    assert grades_of([1], acceptable=[1], interesting=[1], forbidden=[1]) == ["forbidden"]


def test_predicates() -> None:
    declared = {"acceptable": lambda value: value > 1, "forbidden": lambda value: value < 0}
    assert grades_of([2, 1, -1], **declared) == ["acceptable", "forbidden", "forbidden"]


def test_every_kind_of_collection() -> None:
    for acceptable in ([(1, 2)], ((1, 2),), {(1, 2)}, {(1, 2): "why"}, iter([(1, 2)])):
        assert grades_of([(1, 2), (2, 1), (1, 2)], acceptable=acceptable) == [
            "acceptable",
            "forbidden",
            "acceptable",
        ]
    assert grades_of([3, 9], acceptable=range(5)) == ["acceptable", "forbidden"]
    # A set cannot look for a list: it is compared instead.
    assert grades_of([[1], {2}], acceptable={1, frozenset({2})}) == ["forbidden", "acceptable"]


def test_an_enum_class_is_a_collection_rather_than_a_function() -> None:
    Colour = enum.Enum("Colour", ["RED", "BLUE"])
    assert grades_of([Colour.RED], acceptable=Colour) == ["acceptable"]


@pytest.mark.parametrize("given", [2, "ab", b"ab"])
def test_what_is_neither_a_collection_nor_a_function_is_refused(given: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Grades(forbidden=given)
    assert str(caught.value) == (
        f"forbidden={given!r} is neither a collection of outcomes nor a function\n"
        f"next: write forbidden=[{given!r}]"
    )


def test_the_table() -> None:
    outcomes = noted([2] * 1234 + [1] * 60 + [0], acceptable=[2], interesting=[0])
    assert str(outcomes) == (
        "outcome  grade         runs   share  replay\n"
        f"1        forbidden       60   4.63%  {LOST.token}\n"
        f"0        interesting      1   0.08%  {IN_ORDER.token}\n"
        f"2        acceptable   1,234  95.29%  {IN_ORDER.token}\n"
        "an outcome that nobody declared is forbidden"
    )


def test_under_exhaustive_exploration_the_table_is_exact() -> None:
    assert str(noted([2], exact=True)) == (
        "outcome  grade  runs    share  replay\n"
        f"2        seen      1  100.00%  {IN_ORDER.token}\n"
        "exact: every schedule was run, or one equivalent to it"
    )


def test_without_an_outcome_there_is_no_table() -> None:
    assert str(noted([], acceptable=[1], exact=True)) == ""


def test_no_share_is_shown_as_nothing_or_as_all_that_is_not() -> None:
    table = str(noted([2] * 30_000 + [1]))
    assert ">99.99%" in table
    assert "<0.01%" in table


def test_the_row_says_the_grade_and_keeps_the_first_schedule() -> None:
    outcomes = Outcomes(Grades(acceptable=[1]))
    schedules = iter([LOST, IN_ORDER])
    row = outcomes.note(1, lambda: next(schedules))
    assert outcomes.note(1, lambda: next(schedules)) is row
    assert (row.text, row.grade, row.count, row.token) == ("1", "acceptable", 2, LOST.token)
    assert outcomes.note(2, lambda: next(schedules)).grade == "forbidden"


def test_values_that_look_alike_are_graded_one_by_one() -> None:
    class Alike:
        def __repr__(self) -> str:
            return "alike"

    good, bad = Alike(), Alike()
    rows = noted([good, bad, good], acceptable=[good]).rows
    assert [(row.text, row.grade, row.count) for row in rows] == [
        ("alike", "forbidden", 1),
        ("alike", "acceptable", 2),
    ]


def test_what_is_not_hashable_is_counted_too() -> None:
    rows = noted([[1], [1], {"a": {1}}, [2]]).rows
    assert [(row.text, row.count) for row in rows] == [("[1]", 2), ("[2]", 1), ("{'a': {1}}", 1)]


def test_equal_sets_and_dictionaries_are_one_outcome() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert [row.count for row in noted([one, other, (1, [one]), (1, [other])]).rows] == [2, 2]
    rows = noted([{8, 0}, {0, 8}, frozenset({10, 9}), set(), frozenset()]).rows
    assert {row.text for row in rows} == {"{0, 8}", "frozenset({9, 10})", "set()", "frozenset()"}


def test_sets_look_the_same_in_every_process() -> None:
    script = (
        "from pytest_concurrency.race.outcomes import Outcomes\n"
        "from pytest_concurrency.race.schedule import Schedule\n"
        "print(Outcomes().note((set('abcdef'), [frozenset('xy')]), lambda: Schedule(())).text)"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert shown == {"({'a', 'b', 'c', 'd', 'e', 'f'}, [frozenset({'x', 'y'})])\n"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda each: st.lists(each) | st.tuples(each) | st.tuples(each, each),
    max_leaves=4,
)


@given(VALUES)
def test_short_outcomes_are_shown_as_python_shows_them(value: object) -> None:
    text = noted([value]).rows[0].text
    assert text == repr(value) or len(repr(value)) > 60 >= len(text)


def test_long_and_odd_values_fit_into_the_table() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    class Lines:
        def __repr__(self) -> str:
            return "one\n  two"

    itself: list[object] = []
    itself += [itself, itself]
    nested: object = 0
    for _ in range(30):
        nested = [nested]
    texts = {row.text for row in noted([Broken(), Lines(), itself, nested]).rows}
    assert texts >= {"<Broken whose repr raises RuntimeError>", "one two", "[..., ...]"}
    long, longer = noted(["x" * 1000, "x" * 999 + "y"]).rows
    assert long.text != longer.text
    assert long.text.startswith("'xxxx")
    assert "... (1,002 characters, " in long.text
    assert len(long.text) == len(longer.text) == 60


def test_outcomes_beyond_the_first_thousand_are_counted_together() -> None:
    calls = itertools.count()

    def schedule() -> Schedule:
        next(calls)
        return IN_ORDER

    outcomes = Outcomes(Grades(acceptable=lambda value: value != 2500))
    for value in [*range(3000), 5]:
        row = outcomes.note(value, schedule)
        assert (row.text, row.grade) == (str(value), "acceptable" if value != 2500 else "forbidden")
    assert len(outcomes.rows) == next(calls) == 1000
    assert dict(outcomes.others) == {"acceptable": 1999, "forbidden": 1}
    lines = str(outcomes).splitlines()
    assert len(lines) == 44
    assert lines[1].split()[:4] == ["5", "acceptable", "2", "0.07%"]
    assert lines[-3:] == [
        "and 960 other outcomes in 960 runs (960 acceptable)",
        "and others beyond the first 1,000, in 2,000 runs (1 forbidden, 1,999 acceptable)",
        "an outcome that nobody declared is forbidden",
    ]


def test_no_object_of_the_user_is_kept() -> None:
    class State:
        pass

    state = State()
    gone = weakref.ref(state)
    outcomes = Outcomes()
    outcomes.note(state, lambda: IN_ORDER)
    outcomes.note([state], lambda: IN_ORDER)
    del state
    gc.collect()
    assert gone() is None
    assert len(outcomes.rows) == 2
