"""What a number of runs proves, and how many are needed to prove something.

If a run fails independently with probability p, n runs miss that with probability (1-p)**n. PCT
finds a bug of depth d in each run with probability at least 1/(n*k**(d-1)) for n actors and k steps
(Burckhardt et al., ASPLOS 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Evidence", "Goal"]

# What is to be found unless the user says otherwise: a bug that three of 1,000 schedules show.
_RATE = 0.003


@dataclass(frozen=True)
class Goal:
    """The evidence asked for.

    Args:
        confidence: With what probability a bug would have been found.
        depth: That of the bugs to be found, for the guarantee of PCT; None for bugs that show in at
            least 0.3 % of the schedules drawn.
        runs: A number of runs instead.
        budget: After how many seconds to give up; None for never.
    """

    confidence: float = 0.95
    depth: int | None = None
    runs: int | None = None
    budget: float | None = None

    def runs_needed(self, actors: int, steps: int) -> int:
        """Returns how many runs show what was asked for.

        Args:
            actors: How many there are.
            steps: How many visible operations a run has.
        """
        if self.runs is not None:
            return self.runs
        return math.ceil(
            math.log(1 - self.confidence) / math.log1p(-_rate(self.depth, actors, steps))
        )


@dataclass(frozen=True)
class Evidence:
    """What a search without a finding has shown.

    Args:
        runs: How many schedules were run.
        strategy: What drew them.
        complete: Whether they were all there are.
        bound: All with at most so many preemptions were run; None if that was not tried.
        needed: How many would have been enough; 0 if that is not known.
        goal: What was asked for.
        actors: How many there were.
        steps: How many visible operations a run had, at most.
        conflicts: Whether the actors touched anything in common.
        seconds: The budget, if it ended the search.
        lost: What blocked outside of the scheduler, so that the schedules are not all its own.
    """

    runs: int = 0
    strategy: str = ""
    complete: bool = False
    bound: int | None = None
    needed: int = 0
    goal: Goal = Goal()
    actors: int = 0
    steps: int = 0
    conflicts: bool = True
    seconds: float | None = None
    lost: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is what was asked for."""
        return self.complete or not self.needed or self.runs >= self.needed

    @property
    def sentence(self) -> str:
        """What was shown, in one sentence."""
        return self._shown() + self._reservation() + "."

    def _shown(self) -> str:
        schedules = "schedule" if self.runs == 1 else "schedules"
        if not self.conflicts:
            return (
                f"nothing conflicted: the actors touched nothing in common in {self.runs} "
                f"{schedules}, so a pass proves nothing about races"
            )
        if self.complete:
            return f"all {self.runs} {schedules} pass" if self.runs > 1 else "the only schedule passes"
        if self.bound is not None:
            preemptions = "preemption" if self.bound == 1 else "preemptions"
            return f"all {self.runs} {schedules} with at most {self.bound} {preemptions} pass"
        return f"no failing schedule in {self.runs:,} drawn by {self.strategy}: {self._missed()}"

    def _missed(self) -> str:
        if not self.runs:
            return "nothing is shown"
        if self.goal.depth is not None:
            miss = math.exp(
                self.runs * math.log1p(-_rate(self.goal.depth, self.actors, self.steps))
            )
            return (
                f"a bug of depth {self.goal.depth} would have been missed with probability "
                f"{_at_most(miss)} (n = {self.actors} actors, k = {self.steps} steps)"
            )
        # The exact one-sided bound for no failure (Clopper, Pearson 1934).
        rate = -math.expm1(math.log(1 - self.goal.confidence) / self.runs)
        return (
            f"the code fails in less than {_percent(rate)} of such schedules "
            f"({_percent(self.goal.confidence)} confidence)"
        )

    def _reservation(self) -> str:
        said = ""
        if self.seconds is not None:
            said += (
                f"; the budget of {self.seconds:g} s ended the search after {self.runs:,} of "
                f"{self.needed:,} runs"
            )
        if self.lost:
            said += f"; not all of it was scheduled, because something blocked outside: {self.lost}"
        return said


def _rate(depth: int | None, actors: int, steps: int) -> float:
    if depth is None:
        return _RATE
    return 1 / (max(actors, 2) * max(steps, 2) ** (depth - 1))


def _percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def _at_most(probability: float) -> str:
    if probability >= 0.001:
        return f"< {math.ceil(probability * 1000) / 1000:g}"
    return f"< 1e{math.ceil(math.log10(max(probability, 1e-300)))}"
