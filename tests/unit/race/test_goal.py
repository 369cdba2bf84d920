from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_concurrency.race.goal import Goal, budget_in_seconds, pct_rate, runs_needed

MULTIPLES = {"": 1, "s": 1, "ms": 0.001, "min": 60}
SHARES = st.floats(0.0001, 0.9999)


@pytest.mark.parametrize(
    ("rate", "at_95", "at_99"),
    [
        (0.5, 5, 7),
        (0.1, 29, 44),
        (0.05, 59, 90),
        (0.01, 299, 459),
        (0.001, 2995, 4603),
        (0.0001, 29956, 46050),
    ],
)
def test_the_published_table(rate: float, at_95: int, at_99: int) -> None:
    assert runs_needed(0.95, rate) == at_95
    assert runs_needed(0.99, rate) == at_99


@given(SHARES, SHARES)
def test_so_many_runs_suffice_and_one_less_does_not(confidence: float, rate: float) -> None:
    runs = runs_needed(confidence, rate)
    assert (1 - rate) ** runs <= (1 - confidence) * (1 + 1e-6)
    if runs > 1:
        assert (1 - rate) ** (runs - 1) > (1 - confidence) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("confidence", "rate", "runs"),
    [(0.875, 0.5, 3), (0.99, 0.9, 2), (1 - 0.3**7, 0.7, 7), (0.5, 1.0, 1), (1e-300, 0.5, 1)],
)
def test_a_whole_quotient_is_not_rounded_up(confidence: float, rate: float, runs: int) -> None:
    assert runs_needed(confidence, rate) == runs


def test_by_default_a_bug_in_one_of_a_hundred_schedules_is_found_with_95_percent() -> None:
    assert Goal().runs_needed(actors=2, steps=14) == 299
    assert Goal().runs_needed(actors=50, steps=9999) == 299
    assert not Goal().reached(298, 2, 14)
    assert Goal().reached(299, 2, 14)


def test_a_depth_asks_for_the_guarantee_of_pct() -> None:
    assert pct_rate(actors=2, steps=14, depth=2) == 1 / 28
    assert pct_rate(actors=11, steps=40, depth=3) == 1 / 17600
    assert Goal(depth=2).runs_needed(2, 14) == math.ceil(math.log(0.05) / math.log(27 / 28)) == 83
    assert Goal(depth=1).runs_needed(1, 14) == 1
    assert not Goal(depth=2).reached(82, 2, 14)
    # What is not known yet counts as 1, and what no float can hold is not 0.
    assert pct_rate(0, 0, 3) == 1
    assert Goal(depth=500).runs_needed(9, 20_000) > 10**300


def test_a_number_of_runs_is_taken_as_it_is() -> None:
    goal = Goal.asked(runs=20, depth=3)
    assert goal.runs_needed(5, 500) == 20
    assert goal.reached(20, 5, 500)
    assert not goal.reached(19, 5, 500)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (2, 2),
        (0.25, 0.25),
        ("2", 2),
        ("2s", 2),
        (" 2 s ", 2),
        ("500ms", 0.5),
        ("1.5min", 90),
        (".5s", 0.5),
        ("3.s", 3),
    ],
)
def test_budgets(given: Any, seconds: float) -> None:
    assert budget_in_seconds(given) == seconds
    assert Goal.asked(budget=given) == Goal(budget=seconds)


NUMBERS = (0, -1, math.nan, math.inf)


@pytest.mark.parametrize(
    "given",
    [
        "soon",
        "",
        "s",
        "-1s",
        "1e3",
        "2h",
        "0",
        "0s",
        "2 s s",
        "nan",
        "9" * 400,
        "\u0661s",
        *NUMBERS,
    ],
)
def test_no_budgets(given: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"--race-budget={given!r} is no")) as caught:
        budget_in_seconds(given, "--race-budget")
    assert "'500ms'" in str(caught.value)


@pytest.mark.parametrize("given", [True, [], b"2s", 2j])
def test_no_budgets_at_all(given: Any) -> None:
    with pytest.raises(TypeError, match="is neither a number nor a text"):
        budget_in_seconds(given)


@given(st.text("0123456789. msin"))
@example("..")
def test_a_text_is_a_budget_or_refused(text: str) -> None:
    try:
        seconds = budget_in_seconds(text)
    except ValueError:
        return
    assert 0 < seconds < math.inf
    assert seconds == pytest.approx(
        float(text.strip(" msin")) * MULTIPLES[text.strip(" .0123456789")]
    )


@pytest.mark.parametrize(
    ("asked", "error", "line", "step"),
    [
        ({"depth": 0}, ValueError, "depth=0 is too small: it is at least 1", "leave depth out"),
        ({"runs": 0}, ValueError, "runs=0 is too small: it is at least 1", "leave runs out"),
        ({"runs": -5}, ValueError, "runs=-5 is too small: it is at least 1", "write runs=1"),
        ({"depth": 2.5}, TypeError, "depth=2.5 is not a whole number", "write depth=2"),
        ({"depth": True}, TypeError, "depth=True is not a whole number", "write depth=2"),
        ({"runs": "10"}, TypeError, "runs='10' is not a whole number", "write runs=2"),
        ({"budget": "soon"}, ValueError, "budget='soon' is not a time", "'1.5min'"),
        (
            {"confidence": 1.5},
            ValueError,
            "confidence=1.5 is not a probability above 0 and below 1",
            "write confidence=0.95 for 95 %",
        ),
        (
            {"confidence": 99},
            ValueError,
            "confidence=99 is not a probability above 0 and below 1",
            "write confidence=0.99 for 99 %",
        ),
        (
            {"confidence": 1},
            ValueError,
            "confidence=1 is not a probability above 0 and below 1",
            'strategy="exhaustive"',
        ),
        ({"confidence": 0}, ValueError, "confidence=0 is not a probability", "confidence=0.95"),
        ({"confidence": math.nan}, ValueError, "confidence=nan is not", "confidence=0.95"),
        ({"confidence": "0.9"}, TypeError, "confidence='0.9' is not a number", "confidence=0.99"),
    ],
)
def test_wrong_input_is_refused_in_the_words_of_the_user(
    asked: dict[str, Any], error: type[Exception], line: str, step: str
) -> None:
    with pytest.raises(error) as caught:
        Goal.asked(**asked)
    first, _, rest = str(caught.value).partition("\n")
    assert first.startswith(line)
    assert step in rest
