from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_concurrency.race.evidence import Evidence, failure_bound, failure_interval
from pytest_concurrency.race.goal import Goal

PCT2 = Goal(depth=2)
SENTENCES = [
    (
        Evidence(331),
        "no failing schedule in 331 drawn by the portfolio; a bug that shows in 1 % of such "
        "schedules would have been missed with probability < 0.04.",
    ),
    (
        Evidence(100, "pos", Goal(runs=100)),
        "no failing schedule in 100 drawn by POS; the code fails in < 3 % of such schedules "
        "(95 % confidence).",
    ),
    (
        Evidence(1000, "random", Goal(confidence=0.999, runs=1000)),
        "no failing schedule in 1,000 drawn by the random walk; the code fails in < 0.69 % of such "
        "schedules (99.9 % confidence).",
    ),
    (
        Evidence(400, "pct", PCT2, actors=2, steps=14, pct_runs=400),
        "no failing schedule in 400 drawn by PCT; a bug of depth 2 would have been missed with "
        "probability < 5e-7 (n <= 2 actors, k <= 14 steps).",
    ),
    (
        Evidence(400, "portfolio", PCT2, actors=2, steps=14, pct_runs=16),
        "no failing schedule in 400 drawn by the portfolio; a bug of depth 2 would have been "
        "missed by the 16 of PCT with probability < 0.56 (n <= 2 actors, k <= 14 steps).",
    ),
    (
        Evidence(400, "pos", PCT2, actors=2, steps=14),
        "no failing schedule in 400 drawn by POS; the code fails in < 0.75 % of such schedules "
        "(95 % confidence), which guarantees nothing for depth 2.",
    ),
    (
        Evidence(120, goal=Goal(budget=2.0), stopped_by="budget"),
        "stopped by its budget of 2 s after 120 of 299 runs: no failing schedule in 120 drawn by "
        "the portfolio; the code fails in < 2.5 % of such schedules (95 % confidence).",
    ),
    (
        Evidence(
            50,
            "pct",
            Goal(depth=2, budget=0.5),
            actors=2,
            steps=14,
            pct_runs=50,
            stopped_by="budget",
        ),
        "stopped by its budget of 0.5 s after 50 of 83 runs of PCT with depth 2: no failing "
        "schedule in 50 drawn by PCT; a bug of depth 2 would have been missed with probability "
        "< 0.17 (n <= 2 actors, k <= 14 steps).",
    ),
    (
        Evidence(0, goal=Goal(budget=0.5), stopped_by="budget"),
        "stopped by its budget of 0.5 s after 0 of 299 runs: no schedule was run, so nothing is "
        "shown.",
    ),
    (Evidence(), "no schedule was run, so nothing is shown."),
    (Evidence(20, "exhaustive", complete=True), "all 20 schedules pass."),
    (Evidence(1, "exhaustive", complete=True), "the only schedule passes."),
    (
        Evidence(20, "exhaustive", complete=True, reduced=True),
        "all schedules pass: each is equivalent to one of the 20 that were run.",
    ),
    (
        Evidence(252, "exhaustive", bound=2),
        "all 252 schedules with at most 2 preemptions pass.",
    ),
    (
        Evidence(30, "exhaustive", bound=1, reduced=True),
        "all schedules with at most 1 preemption pass: each is equivalent to one of the 30 that "
        "were run.",
    ),
    (
        Evidence(6, "exhaustive", bound=0),
        "all 6 schedules without a preemption pass.",
    ),
    (
        Evidence(300, "exhaustive", Goal(budget=2.0), bound=1, stopped_by="budget"),
        "stopped by its budget of 2 s after 300 runs: all schedules with at most 1 preemption "
        "pass, and so do the others among the 300 run.",
    ),
    (
        Evidence(100, "exhaustive", Goal(runs=100), bound=0, stopped_by="runs"),
        "stopped after the 100 runs asked for: all schedules without a preemption pass, and so do "
        "the others among the 100 run.",
    ),
    (
        Evidence(300, "exhaustive", Goal(budget=2.0), stopped_by="budget"),
        "stopped by its budget of 2 s after 300 runs: no failing schedule in 300, which are "
        "neither all nor a sample, so no more is shown.",
    ),
    (
        Evidence(331, conflicts=False),
        "nothing conflicted: the actors shared no state in 331 runs, so this pass proves nothing.",
    ),
    (
        Evidence(1, "exhaustive", complete=True, conflicts=False),
        "nothing conflicted: the actors shared no state in 1 run, so this pass proves nothing.",
    ),
    (
        Evidence(5000, "stress", Goal(runs=5000)),
        "no failure in 5,000 uncontrolled runs; the code fails in < 0.06 % of such runs on this "
        "machine (95 % confidence, if they are independent).",
    ),
    (
        Evidence(331, lost="`socket.recv` in fetch (app.py:12)"),
        "no failing schedule in 331 drawn by the portfolio; a bug that shows in 1 % of such "
        "schedules would have been missed with probability < 0.04, but `socket.recv` in fetch "
        "(app.py:12) blocked outside the scheduler, so a rerun may differ.",
    ),
    (
        Evidence(20, "exhaustive", complete=True, lost="a subprocess"),
        "no failing schedule in 20, which are neither all nor a sample, so no more is shown, but a "
        "subprocess blocked outside the scheduler, so a rerun may differ.",
    ),
    (
        Evidence(400, "pct", PCT2, actors=2, steps=14, pct_runs=400, lost="a subprocess"),
        "no failing schedule in 400 drawn by PCT; the code fails in < 0.75 % of such schedules "
        "(95 % confidence), which guarantees nothing for depth 2, but a subprocess blocked "
        "outside the scheduler, so a rerun may differ.",
    ),
    (
        Evidence(100, "pos", failures=5),
        "5 of 100 schedules drawn by POS failed: 2.15 to 11.2 % of such schedules do (95 % "
        "confidence).",
    ),
    (
        Evidence(4000, "stress", failures=1),
        "1 of 4,000 uncontrolled runs failed: 0.00441 to 0.142 % of such runs on this machine do "
        "(95 % confidence).",
    ),
    (
        Evidence(10, "random", failures=10),
        "10 of 10 schedules drawn by the random walk failed: 72.2 to 100 % of such schedules do "
        "(95 % confidence).",
    ),
    (
        Evidence(20, "exhaustive", complete=True, failures=5),
        "5 of 20 schedules that were run failed.",
    ),
    (Evidence(1, "replay"), "the replayed schedule passes, which says nothing of others."),
]


@pytest.mark.parametrize(("evidence", "sentence"), SENTENCES)
def test_sentences(evidence: Evidence, sentence: str) -> None:
    assert evidence.sentence == sentence


@given(st.integers(1, 10**7), st.integers(1, 40), st.integers(1, 9999), st.integers(1, 9))
def test_no_number_in_a_sentence_is_too_good(
    runs: int, actors: int, steps: int, depth: int
) -> None:
    guarantee = Fraction(1, actors * steps ** (depth - 1))
    evidence = Evidence(
        runs, "pct", Goal(depth=depth), actors=actors, steps=steps, pct_runs=runs
    ).sentence
    if "guarantees nothing" in evidence:
        assert (1 - guarantee) ** min(runs, 1000) > 0.97
    elif guarantee < 1:
        claimed = _number_after("probability < ", evidence)
        assert claimed < 1
        assert runs * math.log1p(-float(guarantee)) < math.log(claimed)


@given(st.integers(1, 10**7), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_no_bound_in_a_sentence_is_too_good(runs: int, confidence: float) -> None:
    sentence = Evidence(runs, goal=Goal(confidence=confidence, runs=runs)).sentence
    claimed = _number_after("fails in < ", sentence) / 100
    assert failure_bound(runs, confidence) < claimed <= failure_bound(runs, confidence) * 1.11
    if claimed < 1:
        assert (1 - claimed) ** runs < 1 - confidence + 1e-12


def _number_after(text: str, sentence: str) -> float:
    return float(re.split(r"[ ,(]", sentence.partition(text)[2])[0].rstrip("."))


@pytest.mark.parametrize(
    ("runs", "bound"), [(10, 0.259), (50, 0.058), (100, 0.0295), (1000, 0.0030)]
)
def test_the_bound_for_no_failure(runs: int, bound: float) -> None:
    assert failure_bound(runs, 0.95) == pytest.approx(bound, rel=0.01)
    # The exact meaning: code that fails more often would pass all of them in less than 5 %.
    assert (1 - failure_bound(runs, 0.95)) ** runs == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("failures", "runs", "low", "high"),
    [
        (1, 100, 0.00177, 0.05446),
        (5, 100, 0.02154, 0.11175),
        (1, 4000, 0.0000441, 0.001414),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_the_interval_for_failures(failures: int, runs: int, low: float, high: float) -> None:
    assert failure_interval(failures, runs, 0.95) == pytest.approx((low, high), rel=0.002)


@pytest.mark.parametrize(
    ("evidence", "confidence"),
    [
        (Evidence(299), 1 - 0.99**299),
        (Evidence(400, "pct", PCT2, actors=2, steps=14, pct_runs=400), 1 - (27 / 28) ** 400),
        (Evidence(20, "exhaustive", complete=True), 1),
        (Evidence(20, "exhaustive", bound=2), 0),
        (Evidence(20, "exhaustive", complete=True, lost="a socket"), 0),
        (Evidence(400, "pos", PCT2, actors=2, steps=14), 0),
        (Evidence(400, conflicts=False), 0),
        (Evidence(400, failures=1), 0),
        (Evidence(), 0),
        (Evidence(1, "replay"), 0),
    ],
)
def test_the_confidence_reached(evidence: Evidence, confidence: float) -> None:
    assert evidence.confidence == pytest.approx(confidence)


def test_no_sample_is_ever_certain() -> None:
    assert Evidence(10**9).confidence < 1
    everything = Evidence(1, "pct", Goal(depth=1), actors=1, steps=1, pct_runs=1)
    assert everything.confidence < 1


def test_a_run_that_became_a_random_walk_has_no_guarantee() -> None:
    long = Evidence(9, "pct", PCT2, actors=2, steps=10_001, pct_runs=9)
    assert "which guarantees nothing for depth 2" in long.sentence
    assert long.confidence == 0


def test_a_number_beyond_all_budgets_is_not_written_out() -> None:
    evidence = Evidence(
        7,
        "pct",
        Goal(depth=30, budget=1.0),
        actors=3,
        steps=999,
        pct_runs=7,
        stopped_by="budget",
    )
    assert "after 7 of more than 1e87 runs of PCT with depth 30" in evidence.sentence
    assert "guarantees nothing for depth 30" in evidence.sentence


def test_a_confidence_next_to_certainty_is_no_error() -> None:
    goal = Goal.asked(confidence=math.nextafter(1, 0), runs=10)
    assert "< 98 % of such schedules" in Evidence(10, goal=goal).sentence
    low, high = failure_interval(5, 10, goal.confidence)
    assert 0 < low < 0.5 < high < 1
