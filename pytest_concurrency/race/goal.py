"""What a user asks of a search: how sure to be, and when to give up.

If a run fails independently with probability p, n runs miss that with probability (1-p)**n. PCT
finds a bug of depth d in each run with probability at least 1/(n*k**(d-1)) for n actors and k steps
(Burckhardt, Kothari, Musuvathi, Nagarakatte: ASPLOS 2010).
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass

from pytest_concurrency.errors import message

__all__ = ["Goal", "budget_in_seconds", "pct_rate", "runs_needed"]

# A mistake is shown where the user made it.
__tracebackhide__ = True

_UNITS = {"": 1.0, "s": 1.0, "ms": 0.001, "min": 60.0}
_BUDGET = re.compile(r"\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*(ms|s|min|)\s*")
_FORMS = "a budget is a number of seconds above 0, or a text such as '2s', '500ms' or '1.5min'"


@dataclass(frozen=True)
class Goal:
    """The evidence asked for; what users wrote goes through `Goal.asked`.

    Args:
        confidence: With what probability a bug would have been found.
        depth: That of the bugs to be found, with PCT's guarantee; None for bugs that show in at
            least `rate` of the schedules drawn.
        runs: A number of runs instead.
        budget: After how many seconds to give up; None for never.
        rate: How often a bug shows that is to be found, as a share of the schedules drawn.
    """

    confidence: float = 0.95
    depth: int | None = None
    runs: int | None = None
    budget: float | None = None
    rate: float = 0.01

    @classmethod
    def asked(
        cls,
        *,
        confidence: float = 0.95,
        depth: int | None = None,
        runs: int | None = None,
        budget: float | str | None = None,
    ) -> Goal:
        """Checks what a user wrote, and makes a goal of it.

        Args:
            confidence: Above 0 and below 1.
            depth: At least 1.
            runs: At least 1.
            budget: As for `budget_in_seconds`.

        Raises:
            TypeError: One of them is of the wrong type.
            ValueError: One of them is out of its range.
        """
        return cls(
            _checked_confidence(confidence),
            None if depth is None else _checked_count("depth", depth),
            None if runs is None else _checked_count("runs", runs),
            None if budget is None else budget_in_seconds(budget),
        )

    def runs_needed(self, actors: int, steps: int) -> int:
        """Returns how many runs show what was asked for.

        With a depth these are runs of PCT at that depth; those of other strategies do not count.

        Args:
            actors: How many there are, at most.
            steps: How many visible operations a run has, at most.
        """
        if self.runs is not None:
            return self.runs
        rate = self.rate if self.depth is None else pct_rate(actors, steps, self.depth)
        return runs_needed(self.confidence, rate)

    def reached(self, runs: int, actors: int, steps: int) -> bool:
        """Tells whether so many runs show what was asked for.

        Args:
            runs: Those that count, as for `runs_needed`.
            actors: How many there are, at most.
            steps: How many visible operations a run has, at most.
        """
        return runs >= self.runs_needed(actors, steps)


def runs_needed(confidence: float, rate: float) -> int:
    """Returns how many runs show a failure at least once.

    Args:
        confidence: The probability of that, above 0 and below 1.
        rate: The probability that a single run fails, above 0.
    """
    if rate >= 1:
        return 1
    runs = math.log1p(-confidence) / math.log1p(-rate)
    # A quotient that is whole in truth, as for 0.875 and 0.5, can come out a little larger.
    return max(1, math.ceil(runs - 1e-9))


def pct_rate(actors: int, steps: int, depth: int) -> float:
    """Returns with what probability a run of PCT shows a bug, at least.

    Args:
        actors: How many there are, at most.
        steps: How many visible operations a run has, at most.
        depth: That of the bug: how many ordering constraints are enough to show it.
    """
    rate: float = 1 / (max(actors, 1) * max(steps, 1) ** (depth - 1))
    # A rate that is too small for a float is not 0: it needs more runs than any budget allows.
    return max(rate, sys.float_info.min)


def budget_in_seconds(given: object, source: str = "budget") -> float:
    """Reads a budget of time.

    Args:
        given: A number of seconds above 0, or a text such as "2s", "500ms", "1.5min" or "2".
        source: Where it was written, as its reader would call it.

    Raises:
        TypeError: It is neither a number nor a text.
        ValueError: It is not a time, or not above 0.
    """
    shown = f"{source}={given!r}"
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise TypeError(message(f"{shown} is neither a number nor a text", evidence=_FORMS))
    if isinstance(given, str):
        read = _BUDGET.fullmatch(given)
        if read is None:
            raise ValueError(message(f"{shown} is not a time", evidence=_FORMS))
        seconds = float(read[1]) * _UNITS[read[2]]
    else:
        seconds = given
    if not 0 < seconds < math.inf:
        raise ValueError(message(f"{shown} is no time that a search can last", evidence=_FORMS))
    return float(seconds)


def _checked_count(name: str, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(
            message(f"{name}={given!r} is not a whole number", next_step=f"write {name}=2, say")
        )
    if given < 1:
        raise ValueError(
            message(
                f"{name}={given} is too small: it is at least 1",
                next_step=f"leave {name} out for the default, or write {name}=1 or more",
            )
        )
    return given


def _checked_confidence(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise TypeError(
            message(
                f"confidence={given!r} is not a number",
                next_step="write confidence=0.99, say, for 99 %",
            )
        )
    if 0 < given < 1:
        return float(given)
    what = f"confidence={given!r} is not a probability above 0 and below 1"
    if given == 1:
        raise ValueError(
            message(
                what,
                evidence="no number of drawn schedules makes it certain that there is no bug",
                next_step='write strategy="exhaustive" to run all schedules',
            )
        )
    percent = given if 2 <= given < 100 else 95
    raise ValueError(message(what, next_step=f"write confidence={percent / 100:g} for {percent} %"))
