"""Exhaustive: every schedule with at most 0, 1, 2 ... preemptions, equivalent ones only once.

Iterative context bounding (Musuvathi, Qadeer: PLDI 2007): a queue of schedules for each number of
preemptions, each schedule given by where it departs from the default. Schedules that lead to a
state that was seen before are cut off there. Two prefixes lead to the same state if they have the
same happens-before relation, which is recognised by a hash over it (Musuvathi, Qadeer:
MSR-TR-2007-12).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Sequence

from pytest_concurrency.race.accesses import ANYTHING, Access
from pytest_concurrency.race.strategies.protocol import (
    ActorView,
    Decision,
    Profile,
    default_choice,
)

__all__ = ["Exhaustive"]

# After so many operations in a row an actor may be spinning: the others get a turn for nothing.
_LONG = 500
_VERY_LONG = 4 * _LONG
# So often an actor may give way, or try in vain, and go on nevertheless.
_IN_VAIN = 3
_MASK = (1 << 64) - 1
_Departures = tuple[tuple[int, str], ...]


class Exhaustive:
    """Goes through all schedules of a small program.

    Args:
        bound: The largest number of preemptions; None for no bound.
        kinds: For each given actor, what it does; actors that do the same are interchangeable, and
            only the first of those that have not begun is started.

    Attributes:
        level: How many preemptions the schedules have that are being explored.
        forced: Whether an actor had to be stopped that went on for very long, so that nothing is
            complete.
        schedules: How many have been explored to their end.
        cuts: How many led to a state seen before.
        was_cut: Whether the last one did.
        diverged: Whether a prefix led elsewhere than the time before: the program is not
            deterministic.
    """

    name = "exhaustive"
    needs_accesses = True

    def __init__(self, bound: int | None = None, kinds: Sequence[Hashable] = ()) -> None:
        self.horizon = 0
        self.bound = bound
        self.level = 0
        self.schedules = 0
        self.cuts = 0
        self.diverged = False
        self.forced = False
        self.was_cut = False
        self._kinds = kinds
        self._queues: dict[int, deque[_Departures]] = {0: deque([()])}
        self._seen: set[Hashable] = set()

    @property
    def finished(self) -> bool:
        """Whether no schedule is left to explore within the bound."""
        return self.next_level is None

    @property
    def done_level(self) -> int | None:
        """Up to how many preemptions everything has been explored; None if not even without."""
        left = [level for level, queue in self._queues.items() if queue]
        return None if self.forced or min(left, default=1) == 0 else min(left, default=1) - 1

    @property
    def complete(self) -> bool:
        """Whether no schedule is left at all."""
        return not any(self._queues.values()) and not self.forced

    @property
    def next_level(self) -> int | None:
        """How many preemptions the next schedule has; None if there is none within the bound."""
        levels = [level for level, queue in self._queues.items() if queue]
        level = min(levels, default=None)
        return None if level is None or (self.bound is not None and level > self.bound) else level

    def begin(self, run: int, profile: Profile) -> None:
        """Takes the next schedule from the queues."""
        level = self.next_level
        assert level is not None, "there is no schedule left"
        self.level = level
        self._departures = self._queues[level].popleft()
        self._ahead = dict(self._departures)
        self._last_ahead = self._departures[-1][0] if self._departures else -1
        self._decisions = 0
        self._in_a_row = 0
        self._in_vain = 0
        self._preemptions = 0
        self._order = _HappensBefore()
        self.was_cut = False

    def end(self) -> None:
        """Counts the run that is over."""
        if self.was_cut:
            self.cuts += 1
        else:
            self.schedules += 1

    def choose(self, decision: Decision) -> ActorView | None:
        """Returns who goes on, and puts the alternatives into the queues; None to cut the run."""
        self.horizon = decision.step + 1
        number, self._decisions = self._decisions, self._decisions + 1
        options = self._options(decision)
        chosen = self._default(decision, options)
        if number in self._ahead:
            path = self._ahead[number]
            found = next((each for each in options if each.path == path), None)
            if found is None:
                self.diverged = True
                found = chosen
            chosen = found
        elif number > self._last_ahead:
            if self._seen_before(decision):
                self.was_cut = True
                return None
            self._queue_alternatives(number, decision, options, chosen)
        self._preemptions += self._cost(decision, chosen, options)
        self._in_a_row = self._in_a_row + 1 if chosen is decision.current else 0
        if chosen is not decision.current:
            self._in_vain = 0
        elif decision.reason == "yield":
            self._in_vain += 1
        self._order.executed(chosen)
        return chosen

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: `choose` is told the reason."""

    def _options(self, decision: Decision) -> list[ActorView]:
        """Returns the candidates that differ."""
        begun: set[Hashable] = set()
        options = []
        for candidate in decision.candidates:
            if candidate.pending is None and candidate.index < len(self._kinds):
                kind = self._kinds[candidate.index]
                if kind in begun:
                    continue
                begun.add(kind)
            options.append(candidate)
        if decision.reason == "yield" and self._in_vain >= _IN_VAIN and len(options) > 1:
            # In every fair schedule somebody else has his turn at last.
            options = [each for each in options if each is not decision.current]
        if decision.reason == "reach" and self._in_a_row >= _VERY_LONG and len(options) > 1:
            self.forced = True
            options = [each for each in options if each is not decision.current]
        return options

    def _default(self, decision: Decision, options: list[ActorView]) -> ActorView:
        current = decision.current
        goes_on = decision.reason == "reach" and self._in_a_row % _LONG != _LONG - 1
        if goes_on and current is not None and current in options:
            return current
        return default_choice(_Among(decision, options))

    def _cost(self, decision: Decision, chosen: ActorView, options: Sequence[ActorView]) -> int:
        """Returns 1 for a preemption, and for a timeout that wins though others could go on."""
        if decision.reason == "reach":
            return int(chosen is not decision.current and self._in_a_row % _LONG != _LONG - 1)
        return int(chosen.deadline is not None and any(o.deadline is None for o in options))

    def _seen_before(self, decision: Decision) -> bool:
        current = decision.current
        goes_on = decision.reason in ("reach", "yield") and current is not None
        state = (
            self._order.state,
            current.path if goes_on and current is not None else None,
            self._in_a_row >= _LONG and self._in_a_row,
            decision.reason == "yield" and self._in_vain,
        )
        if state in self._seen:
            return True
        self._seen.add(state)
        return False

    def _queue_alternatives(
        self, number: int, decision: Decision, options: Iterable[ActorView], chosen: ActorView
    ) -> None:
        options = list(options)
        for option in options:
            if option is not chosen:
                level = self._preemptions + self._cost(decision, option, options)
                queue = self._queues.setdefault(level, deque())
                queue.append((*self._departures, (number, option.path)))


class _Among:
    """A decision among fewer candidates."""

    def __init__(self, decision: Decision, candidates: Sequence[ActorView]) -> None:
        self.step = decision.step
        self.current = None
        self.candidates = candidates
        self.reason = decision.reason


class _HappensBefore:
    """A hash of the happens-before relation of what has been executed.

    Attributes:
        state: The same for all orders of the same operations that differ only in the order of
            operations that commute.
    """

    def __init__(self) -> None:
        self.state = 0
        self._writes = 0
        self._of_actor: dict[str, int] = {}
        self._last_write: dict[Hashable, int] = {}
        self._reads: dict[Hashable, int] = {}
        self._anything = 0
        self._reads_of_anything = 0

    def executed(self, actor: ActorView) -> None:
        """Adds the pending operation of an actor, or its start."""
        access = actor.access
        if not isinstance(access, Access) or actor.deadline is not None:
            access = ANYTHING
        before = [self._of_actor.get(actor.path, 0)]
        if access.anything == "writes":
            before.append(self.state)
        elif access.anything == "reads":
            before += (self._anything, self._writes)
        elif access.reads or access.writes:
            before.append(self._anything)
            before += (self._last_write.get(key, 0) for key in access.reads)
            for key in access.writes:
                before += (self._last_write.get(key, 0), self._reads.get(key, 0))
            if access.writes:
                before.append(self._reads_of_anything)
        event = hash((actor.path, *before)) & _MASK
        self._of_actor[actor.path] = event
        self.state = (self.state + event) & _MASK
        if access.anything == "writes":
            self._anything = event
            self._writes = (self._writes + event) & _MASK
            self._reads_of_anything = 0
            self._last_write.clear()
            self._reads.clear()
        elif access.anything == "reads":
            self._reads_of_anything = (self._reads_of_anything + event) & _MASK
        for key in access.reads:
            self._reads[key] = (self._reads.get(key, 0) + event) & _MASK
        for key in access.writes:
            self._last_write[key] = event
            self._reads[key] = 0
            self._writes = (self._writes + event) & _MASK
