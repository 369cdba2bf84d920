from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_concurrency.race.schedule import BadToken, Point, Schedule, Segment

KINDS = [
    "read",
    "write",
    "delete",
    "get-item",
    "set-item",
    "delete-item",
    "contains",
    "next",
    "spread",
    "in-place",
    "call",
    "enter",
    "exit",
]
POINTS = st.builds(
    Point, st.sampled_from(KINDS), st.text(), st.integers(-9, 9999), st.integers(1, 10**6)
)
SCHEDULES = st.builds(
    lambda segments: Schedule(tuple(segments)),
    st.lists(
        st.builds(Segment, st.from_regex(r"\d(\.\d){0,2}", fullmatch=True), st.none() | POINTS)
    ),
)
LOST_UPDATE = Schedule(
    (Segment("0", Point("write", "increment", 1, 1)), Segment("1"), Segment("0"))
)


@given(SCHEDULES)
def test_a_token_reads_back_as_the_same_schedule(schedule: Schedule) -> None:
    assert Schedule.of(schedule.token) == schedule


def test_the_token_is_the_same_on_every_python() -> None:
    assert LOST_UPDATE.token == "r1.ei1VvAADATAJaW5jcmVtZW50ATEAAgECAQIAAAA"
    assert Schedule.of("r1.ei1VvAADATAJaW5jcmVtZW50ATEAAgECAQIAAAA") == LOST_UPDATE
    assert LOST_UPDATE.preemptions == 1


def test_a_long_schedule_is_squeezed() -> None:
    long = Schedule(LOST_UPDATE.segments * 100)
    assert len(long.token) < 100
    assert Schedule.of(long.token) == long


@given(st.integers(0, len(LOST_UPDATE.token) - 4), st.sampled_from("AZaz09-_"))
def test_no_character_can_be_changed_unnoticed(place: int, character: str) -> None:
    token = LOST_UPDATE.token
    changed = token[: 3 + place] + character + token[4 + place :]
    # The last character holds bits that the encoding does not use.
    if changed[:-1] != token[:-1]:
        with pytest.raises(BadToken, match="damaged"):
            Schedule.of(changed)


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("", "not the token of a schedule"),
        ("hello", "not the token of a schedule"),
        ("x1.AAAA", "not the token of a schedule"),
        ("r2.AAAA", "of version r2, and r1 is the newest known"),
        ("r1.", "checksum"),
        ("r1.AA!A", "wrong characters or lacks some"),
        (LOST_UPDATE.token[:-2], "lacks some"),
        (LOST_UPDATE.token[:-4], "checksum"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(token: str, text: str) -> None:
    with pytest.raises(BadToken, match=text) as caught:
        Schedule.of(token)
    assert repr(token) in str(caught.value)
