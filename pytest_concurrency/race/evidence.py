"""What a number of runs proves, in one exact sentence.

Every number is rounded to the side on which the sentence stays true, and nothing is claimed of
schedules that are not like those that were run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from pytest_concurrency.race.goal import Goal, pct_rate
from pytest_concurrency.race.strategies.pct import FAIR_AFTER

__all__ = ["Evidence", "Goal", "failure_bound", "failure_interval"]

_DRAWN_BY = {
    "portfolio": "the portfolio",
    "random": "the random walk",
    "pct": "PCT",
    "pos": "POS",
    "urw": "URW",
    "surw": "SURW",
}
# A guarantee that misses so much is not worth a sentence.
_TOO_WEAK = 0.98


@dataclass(frozen=True)
class Evidence:
    """What a search has shown.

    Args:
        runs: How many schedules were run to their end.
        strategy: What made the decisions, by the name that users give.
        goal: What was asked for.
        failures: How many runs failed, of a number of runs that did not depend on it.
        complete: Whether these were all schedules that there are.
        bound: All schedules with at most so many preemptions were run; None if that is not so.
        reduced: Whether schedules were left out that are equivalent to one that was run.
        actors: How many there were, at most.
        steps: How many visible operations a run had, at most.
        pct_runs: How many of the runs were drawn by PCT with the depth asked for.
        conflicts: Whether the actors touched anything in common.
        stopped_by: What ended the search before it was done: "budget", or "runs" for the number
            asked for; empty if nothing did.
        lost: What blocked outside the scheduler, so that not all decisions were its own.
    """

    runs: int = 0
    strategy: str = "portfolio"
    goal: Goal = field(default_factory=Goal)
    failures: int = 0
    complete: bool = False
    bound: int | None = None
    reduced: bool = False
    actors: int = 0
    steps: int = 0
    pct_runs: int = 0
    conflicts: bool = True
    stopped_by: Literal["", "budget", "runs"] = ""
    lost: str = ""

    @property
    def confidence(self) -> float:
        """With what probability a bug such as was asked for would have been found.

        It is 1 only if all schedules were run, and 0 if nothing can be said: after a failure,
        without conflicts, for an exhaustive search that was not completed, and for PCT's guarantee
        when something blocked outside the scheduler. For stress the runs are taken as independent.
        """
        if not self.runs or self.failures or not self.conflicts or self.strategy == "replay":
            return 0.0
        if self.strategy == "exhaustive":
            return 1.0 if self.complete and not self.lost else 0.0
        if self.goal.depth is None:
            missed = _missed(self.goal.rate, self.runs)
        else:
            missed = _missed(self._pct_rate, self.pct_runs) if self._is_guaranteed else 1.0
        return min(1 - missed, math.nextafter(1, 0))

    @property
    def sentence(self) -> str:
        """What was shown, in one sentence."""
        said = self._stopped() + self._shown()
        if self.lost:
            said += f", but {self.lost} blocked outside the scheduler, so a rerun may differ"
        return said + "."

    @property
    def _is_guaranteed(self) -> bool:
        # Runs that are longer than that end as a random walk.
        as_pct = self.pct_runs > 0 and self.steps <= FAIR_AFTER
        return self.goal.depth is not None and as_pct and not self.lost

    @property
    def _pct_rate(self) -> float:
        assert self.goal.depth is not None
        return pct_rate(self.actors, self.steps, self.goal.depth)

    def _stopped(self) -> str:
        if not self.stopped_by:
            return ""
        if self.stopped_by == "runs":
            return f"stopped after the {_many(self.runs, 'run')} asked for: "
        goal = self.goal
        budget = "its budget" if goal.budget is None else f"its budget of {goal.budget:g} s"
        if goal.runs is None and self.strategy == "exhaustive":
            return f"stopped by {budget} after {_many(self.runs, 'run')}: "
        needed = _large(goal.runs_needed(self.actors, self.steps))
        if goal.runs is None and goal.depth is not None:
            done = f"{self.pct_runs:,} of {needed} runs of PCT with depth {goal.depth}"
        else:
            done = f"{self.runs:,} of {needed} runs"
        return f"stopped by {budget} after {done}: "

    def _shown(self) -> str:
        if not self.runs:
            return "no schedule was run, so nothing is shown"
        if self.failures:
            return self._failed()
        if not self.conflicts:
            return (
                f"nothing conflicted: the actors shared no state in {_many(self.runs, 'run')}, so "
                "this pass proves nothing"
            )
        if self.strategy == "exhaustive":
            return self._enumerated()
        if self.strategy == "replay":
            return "the replayed schedule passes, which says nothing of others"
        if self.strategy == "stress":
            bounded = self._bounded("runs on this machine", ", if they are independent")
            return f"no failure in {_many(self.runs, 'uncontrolled run')}; {bounded}"
        return f"no failing schedule in {self.runs:,} drawn by {self._drawn_by}; {self._claim()}"

    @property
    def _drawn_by(self) -> str:
        return _DRAWN_BY.get(self.strategy, self.strategy)

    def _failed(self) -> str:
        of = f"{self.failures:,} of {self.runs:,}"
        if self.strategy in ("exhaustive", "replay"):
            return f"{of} schedules that were run failed"
        confidence = self.goal.confidence
        low, high = failure_interval(self.failures, self.runs, confidence)
        up_to = _above(high * 100, 3) if high < 1 else "100"
        rate = f"{_below(low * 100, 3)} to {up_to} %"
        if self.strategy == "stress":
            what, such = "uncontrolled runs", "runs on this machine"
        else:
            what, such = f"schedules drawn by {self._drawn_by}", "schedules"
        return f"{of} {what} failed: {rate} of such {such} do ({_percent(confidence)} confidence)"

    def _enumerated(self) -> str:
        if self.lost or not (self.complete or self.bound is not None):
            return (
                f"no failing schedule in {self.runs:,}, which are neither all nor a sample, so no "
                "more is shown"
            )
        those = ""
        if not self.complete:
            those = " without a preemption"
            if self.bound:
                those = f" with at most {_many(self.bound, 'preemption')}"
        if self.stopped_by:
            return f"all schedules{those} pass, and so do the others among the {self.runs:,} run"
        if self.reduced:
            return (
                f"all schedules{those} pass: each is equivalent to one of the {self.runs:,} that "
                "were run"
            )
        if self.runs == 1:
            return f"the only schedule{those} passes"
        return f"all {self.runs:,} schedules{those} pass"

    def _claim(self) -> str:
        goal = self.goal
        if goal.depth is not None:
            missed = _missed(self._pct_rate, self.pct_runs)
            if not self._is_guaranteed or missed > _TOO_WEAK:
                return (
                    f"{self._bounded('schedules')}, which guarantees nothing for depth {goal.depth}"
                )
            by = "" if self.pct_runs == self.runs else f" by the {self.pct_runs:,} of PCT"
            return (
                f"a bug of depth {goal.depth} would have been missed{by} with probability "
                f"< {_above(missed)} (n <= {_many(self.actors, 'actor')}, "
                f"k <= {_many(self.steps, 'step')})"
            )
        if goal.runs is None and goal.reached(self.runs, self.actors, self.steps):
            return (
                f"a bug that shows in {_percent(goal.rate)} of such schedules would have been "
                f"missed with probability < {_above(_missed(goal.rate, self.runs))}"
            )
        return self._bounded("schedules")

    def _bounded(self, what: str, condition: str = "") -> str:
        bound = _above(failure_bound(self.runs, self.goal.confidence) * 100, 2)
        return (
            f"the code fails in < {bound} % of such {what} "
            f"({_percent(self.goal.confidence)} confidence{condition})"
        )


def failure_bound(runs: int, confidence: float) -> float:
    """Returns the rate of failures that a number of runs without any excludes.

    The exact one-sided upper bound (Clopper, Pearson: Biometrika 26, 1934).

    Args:
        runs: How many there were, at least 1.
        confidence: Above 0 and below 1.
    """
    return -math.expm1(math.log1p(-confidence) / runs)


def failure_interval(failures: int, runs: int, confidence: float) -> tuple[float, float]:
    """Returns between which rates the true rate of failures lies.

    The interval of Wilson (Journal of the American Statistical Association 22, 1927).

    Args:
        failures: How many runs failed.
        runs: How many there were, at least 1; a number that does not depend on the failures.
        confidence: Above 0 and below 1.
    """
    from statistics import NormalDist  # loads much that a pass does not need

    z2 = NormalDist().inv_cdf((1 - confidence) / 2) ** 2
    rate = failures / runs
    middle = rate + z2 / (2 * runs)
    spread = math.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * runs)) / runs)
    low, high = (middle - spread) / (1 + z2 / runs), (middle + spread) / (1 + z2 / runs)
    return max(0.0, low), min(1.0, high)


def _missed(rate: float, runs: int) -> float:
    """Returns with what probability a failure of that rate shows in none of the runs."""
    return math.exp(runs * math.log1p(-rate)) if rate < 1 else 0.0


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _large(count: int) -> str:
    return f"{count:,}" if count < 10**12 else f"more than 1e{len(str(count)) - 1}"


def _percent(share: float) -> str:
    return f"{share * 100:.12g} %"


def _above(value: float, digits: int = 0) -> str:
    """Returns the next larger number of one digit, of two from 0.1 on, or of as many as asked."""
    value = max(value, 1e-300)
    exponent = math.floor(math.log10(value)) + 1 - (digits or (1 if value < 0.1 else 2))
    # Larger than the value even if that came out a little too small.
    return _written(math.floor(value * 10.0**-exponent + 1e-9) + 1, exponent)


def _below(value: float, digits: int) -> str:
    """Returns the next smaller number of so many digits."""
    if value <= 0:
        return "0"
    exponent = math.floor(math.log10(value)) + 1 - digits
    return _written(math.floor(value * 10.0**-exponent), exponent)


def _written(number: int, exponent: int) -> str:
    """Returns number * 10**exponent, without a detour over a float that would be rounded."""
    digits = str(number).rstrip("0") or "0"
    exponent += len(str(number)) - len(digits)
    if exponent >= 0:
        return digits + "0" * exponent
    if len(digits) + exponent < -3:
        mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
        return f"{mantissa}e{exponent + len(digits) - 1}"
    whole = digits.rjust(1 - exponent, "0")
    return f"{whole[:exponent]}.{whole[exponent:]}"
