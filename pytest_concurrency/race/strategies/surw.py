"""SURW: every order of some chosen operations equally likely, and random priorities for the others.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Literal

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.rng import Stream
from pytest_concurrency.race.strategies.counts import Remaining, subtrees
from pytest_concurrency.race.strategies.protocol import ActorView, Profile
from pytest_concurrency.race.strategies.stepwise import Stepwise

__all__ = ["SURW"]

# In steps: how long the intended actor may take once one has taken longer than a whole run did.
_SOON = 100


class SURW(Stepwise):
    """Draws who shall do the next chosen operation, and holds back who would do one before that.

    The draw is in proportion to how many of the chosen operations the actors have left. Everything
    else goes by priorities that are drawn for each operation.

    Args:
        seed: Of the random numbers.
        chosen: "subject" for the operations on one subject, drawn for each run by how often it is
            operated on; "locks" for all that acquire a lock, or if nothing does, for all on any
            subject that actors share.
    """

    def __init__(self, seed: int, chosen: Literal["subject", "locks"]) -> None:
        super().__init__(seed)
        self.chosen = chosen
        self.name = f"SURW({chosen})"
        self._known: _Known = _Known({})

    def begin(self, run: int, profile: Profile) -> None:
        """Draws the operations of this run."""
        super().begin(run, profile)
        if profile.operations is not self._known.operations:
            self._known = _Known(profile.operations)
        if self.chosen == "subject":
            self._subjects, expected = self._known.of_one_subject(self._stream)
        else:
            self._subjects, expected = self._known.of_locks()
        self._remaining = Remaining(expected)
        self._priorities: dict[int, int] = {}
        self._intended: int | None = None
        self._since = 0
        self._limit = max(profile.steps, _SOON)

    def yielded(self, actor: ActorView) -> None:
        """Lets others go on first, and draws all priorities anew.

        Each turn of a loop that polls has a new priority; somebody's low one would lose to many.
        """
        super().yielded(actor)
        self._priorities.clear()

    def _is_chosen(self, operation: Operation | None) -> bool:
        if operation is None:
            return False
        return operation.acquires if self._subjects is None else operation.subject in self._subjects

    def _started(self, actor: ActorView) -> None:
        parent, taken = self._remaining.start(actor)
        if parent is not None and parent == self._intended and taken > 0:
            # The next operation was to come from the parent or from whom it would start.
            kept = max(self._remaining.left[parent], 0)
            if self._draw(kept + taken) < taken:
                self._intended = actor.index

    def _done(self, actor: ActorView, operation: Operation) -> None:
        if self._is_chosen(operation):
            self._remaining.left[actor.index] -= 1
            self._intended = None

    def _halted(self, actor: ActorView, operation: Operation) -> None:
        # Who has tried to acquire a lock, or yields, has still to do it. Others have ended.
        if not operation.acquires and actor not in self._patience:
            self._done(actor, operation)

    def _pick(self, candidates: Sequence[ActorView]) -> ActorView:
        if self._intended is None:
            self._intend(candidates)
        elif self._step - self._since > self._limit:
            # Perhaps it spins until somebody who is held back does something.
            self._limit = _SOON
            self._intend(candidates)
        priorities, intended, subjects = self._priorities, self._intended, self._subjects
        best, highest = None, -1
        for candidate in candidates:
            index = candidate.index
            if index != intended:
                pending = candidate.pending
                if pending is not None and (
                    pending.acquires if subjects is None else pending.subject in subjects
                ):
                    continue
            priority = priorities.get(index)
            if priority is None:
                self._draws += 1
                priorities[index] = priority = self._stream.bits(self._draws)
            if priority > highest:
                best, highest = candidate, priority
        if best is None:
            # The intended actor cannot go on, perhaps because of somebody who is held back.
            best = self._intend(candidates)
        priorities.pop(best.index, None)
        return best

    def _intend(self, candidates: Sequence[ActorView]) -> ActorView:
        """Draws who shall do the next of the chosen operations."""
        left = self._remaining.left
        weights = [
            # Who is about to do one has it left, whatever was expected.
            left[each.index] if left[each.index] > 0 else int(self._is_chosen(each.pending))
            for each in candidates
        ]
        drawn = self._draw(sum(weights)) if any(weights) else 0
        self._since = self._step
        for each, weight in zip(candidates, weights, strict=True):
            drawn -= weight
            if drawn < 0:
                self._intended = each.index
                return each
        # As far as is known, nobody has any left.
        self._intended = None
        return candidates[0]


class _Known:
    """What the counts of earlier runs tell of the operations to choose from."""

    def __init__(self, operations: Mapping[str, Mapping[Operation, int]]) -> None:
        self.operations = operations
        accesses: dict[str, int] = {}
        actors: dict[str, set[str]] = {}
        written: set[str] = set()
        for path, done in operations.items():
            for operation, times in done.items():
                subject = operation.subject
                accesses[subject] = accesses.get(subject, 0) + times
                actors.setdefault(subject, set()).add(path)
                if operation.writes:
                    written.add(subject)
        # Sorted, so that the draw does not depend on the order of the counts.
        shared = [each for each in sorted(written) if len(actors[each]) > 1]
        self._shared = shared
        self._sums = list(accumulate(accesses[each] for each in shared))
        self._locks = any(each.acquires for done in operations.values() for each in done)
        self._expected: dict[frozenset[str] | None, dict[str, int]] = {}

    def of_one_subject(self, stream: Stream) -> tuple[frozenset[str] | None, dict[str, int]]:
        """Draws a subject; returns it, and what is expected by path."""
        if not self._shared:
            return frozenset(), {}
        drawn = bisect_right(self._sums, stream.below(self._sums[-1], 0))
        return self._counted(frozenset([self._shared[drawn]]))

    def of_locks(self) -> tuple[frozenset[str] | None, dict[str, int]]:
        """Returns None for all that acquires, or else the shared subjects; and what is expected."""
        return self._counted(None if self._locks else frozenset(self._shared))

    def _counted(
        self, subjects: frozenset[str] | None
    ) -> tuple[frozenset[str] | None, dict[str, int]]:
        expected = self._expected.get(subjects)
        if expected is None:
            expected = self._expected[subjects] = subtrees(
                self.operations,
                lambda each: each.acquires if subjects is None else each.subject in subjects,
            )
        return subjects, expected
