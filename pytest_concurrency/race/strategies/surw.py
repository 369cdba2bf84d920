"""SURW: uniform over the interleavings of some chosen events, anything goes for the others.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.pct import FAIR_AFTER
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile
from pytest_concurrency.race.strategies.shares import Shares
from pytest_concurrency.race.strategies.urw import drawn, unstarted

__all__ = ["SURW"]


class SURW:
    """Chooses who does the next interesting event in proportion to how many each has left.

    Whoever comes to an interesting event out of turn waits; the other events have random priorities.

    Args:
        seed: Of the random numbers.
        interest: "object": the operations on one attribute, variable or container, drawn for each
            run by how often it is accessed; "locks": everything that acquires a lock, or all
            operations that can conflict if nothing does.
    """

    def __init__(self, seed: int, interest: Literal["object", "locks"] = "object") -> None:
        self.seed = seed
        self.interest = interest
        self.name = "SURW" if interest == "object" else "SURW(locks)"
        self.horizon = 0
        self._profiled: object = None
        self._subjects: list[tuple[str, int]] = []
        self._locks = False

    def begin(self, run: int, profile: Profile) -> None:
        """Draws what is interesting in this run."""
        self._stream = stream = Stream(self.seed, run)
        if profile.operations is not self._profiled:
            self._profiled = profile.operations
            self._subjects = _shared_subjects(profile)
            self._locks = any(
                operation.acquires for counts in profile.operations.values() for operation in counts
            )
        self._subject: str | None = None
        if self.interest == "object" and self._subjects:
            number = stream.below(sum(count for _, count in self._subjects), 1)
            for subject, count in self._subjects:
                number -= count
                if number < 0:
                    self._subject = subject
                    break
        conflicting = {subject for subject, _ in self._subjects}
        self._interesting = interesting = {
            operation
            for counts in profile.operations.values()
            for operation in counts
            if self._interests(operation, conflicting)
        }
        self._shares = Shares(
            {
                path: sum(n for operation, n in counts.items() if operation in interesting)
                for path, counts in profile.operations.items()
            }
        )
        self._all_begun = False
        self._draws = 1
        self._priorities: dict[int, int] = {}
        self._intended: int | None = None

    def choose(self, decision: Decision) -> ActorView:
        """Returns who goes on: nobody does an interesting event but the actor that is intended."""
        self.horizon = decision.step + 1
        if not self._all_begun:
            first = unstarted(decision)
            if first is not None:
                return first
            self._all_begun = True
        candidates = decision.candidates
        if len(candidates) == 1:
            return self._going(candidates[0])
        if decision.step >= FAIR_AFTER:
            self._draws += 1
            return candidates[self._stream.below(len(candidates), self._draws)]
        intended, interesting, priorities = self._intended, self._interesting, self._priorities
        if intended is None or all(candidate.index != intended for candidate in candidates):
            # It has ended or is blocked, perhaps by somebody whom we hold back.
            intended = self._intend(candidates)
        best, highest = candidates[0], None
        for candidate in candidates:
            index = candidate.index
            if index != intended and candidate.pending in interesting:
                continue
            priority = priorities.get(index)
            if priority is None:
                self._draws += 1
                priority = priorities[index] = self._stream.bits(self._draws)
            if highest is None or priority > highest:
                best, highest = candidate, priority
        return self._going(best)

    def yielded(self, actor: ActorView) -> None:
        """Lets somebody else be intended."""
        self._priorities[actor.index] = -1
        if self._intended == actor.index:
            self._intended = None

    def _interests(self, operation: Operation, conflicting: set[str]) -> bool:
        if self._subject is not None:
            return operation.subject == self._subject
        if self._locks and self.interest == "locks":
            return operation.acquires
        return operation.subject in conflicting

    def _intend(self, candidates: Sequence[ActorView]) -> int:
        """Draws who does the next interesting event."""
        weights = [self._shares.of(candidate.path) for candidate in candidates]
        if not any(weights):
            weights = [1] * len(weights)
        self._draws += 1
        self._intended = drawn(candidates, weights, self._stream, self._draws).index
        return self._intended

    def _going(self, actor: ActorView) -> ActorView:
        self._priorities.pop(actor.index, None)
        if actor.pending in self._interesting:
            self._shares.take(actor.path)
            self._intended = None
        return actor


def _shared_subjects(profile: Profile) -> list[tuple[str, int]]:
    """Returns what several actors operate on and somebody changes, and how often that happens."""
    actors: dict[str, set[str]] = {}
    total: Counter[str] = Counter()
    written: set[str] = set()
    for path, counts in profile.operations.items():
        for operation, count in counts.items():
            actors.setdefault(operation.subject, set()).add(path)
            total[operation.subject] += count
            if operation.writes:
                written.add(operation.subject)
    return [
        (subject, total[subject])
        for subject in sorted(actors)
        if len(actors[subject]) > 1 and subject in written
    ]
