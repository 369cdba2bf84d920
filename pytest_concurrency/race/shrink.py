"""Shrinks a failing schedule to the fewest preemptions.

Delta debugging over the preemptions (Zeller, Hildebrandt: Simplifying and Isolating
Failure-Inducing Input, TSE 2002; Choi, Zeller: Isolating Failure-Inducing Thread Schedules,
ISSTA 2002): each attempt leaves some of them out, is run, and counts if the run fails in the same
way.

Most bugs need one preemption or two (Musuvathi, Qadeer: PLDI 2007), and where a schedule fails that
has more, the places of these are among them. So once it is shorter, schedules that are made of one
or two of its places alone are tried as well: leaving others out can end in a minimum that is none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from pytest_concurrency.race.runs import Failure, Runner
from pytest_concurrency.race.schedule import Schedule, Segment
from pytest_concurrency.race.strategies.replay import Replay

__all__ = ["MAX_RUNS", "shrink"]

MAX_RUNS = 100
_FEW = 2


def shrink(
    runner: Runner,
    schedule: Schedule,
    failure: Failure,
    max_runs: int = MAX_RUNS,
) -> tuple[Schedule, int]:
    """Returns a failing schedule with as few preemptions as could be found.

    Args:
        runner: Runs the attempts.
        schedule: Fails.
        failure: How it fails.
        max_runs: How many attempts there may be.

    Returns:
        The schedule as it was really carried out, and the number of attempts.
    """
    return _Shrinking(runner, schedule, failure, max_runs).result()


class _Shrinking:
    def __init__(self, runner: Runner, schedule: Schedule, failure: Failure, max_runs: int) -> None:
        self._runner = runner
        self._failure = failure
        self._max_runs = max_runs
        self._best = schedule
        self._runs = 0
        self._tried: set[Schedule] = {schedule}

    def result(self) -> tuple[Schedule, int]:
        self._leave_out(self._max_runs // 2)
        self._rebuild()
        self._leave_out(self._max_runs)
        return self._best, self._runs

    def _rebuild(self) -> None:
        """Tries schedules of one or two of the preemptions, with nothing in between."""
        best = self._best
        places = _preemptions(best)
        for size in range(1, min(_FEW, best.preemptions - 1) + 1):
            for kept in combinations(places, size):
                if self._fails_as(_built(best.segments, kept)):
                    return

    def _leave_out(self, max_runs: int) -> None:
        """Leaves out what is not needed, in ever smaller parts."""
        parts = 2
        while self._best.preemptions and self._runs < max_runs:
            places = _preemptions(self._best)
            parts = min(parts, len(places))
            size = -(-len(places) // parts)
            chunks = [places[at : at + size] for at in range(0, len(places), size)]
            if self._any_fails(chunks, size):
                parts = max(parts - 1, 2)
            elif size == 1:
                break
            else:
                parts *= 2

    def _any_fails(self, chunks: list[list[int]], size: int) -> bool:
        """Tries each chunk alone, then everything but a chunk."""
        best = self._best
        everything = [place for chunk in chunks for place in chunk]
        if len(chunks) > 1:
            for chunk in chunks:
                if self._fails(best, set(everything) - set(chunk)):
                    return True
        return any(self._fails(best, set(chunk)) for chunk in chunks)

    def _fails(self, schedule: Schedule, dropped: Collection[int]) -> bool:
        """Runs the schedule without some of its preemptions, first one way, then the other."""
        segments = list(schedule.segments)
        return any(self._fails_as(without(segments, dropped)) for without in (_pulled, _pushed))

    def _fails_as(self, segments: Sequence[Segment]) -> bool:
        """Runs an attempt, and keeps it if it fails and is shorter than the best one."""
        attempt = Schedule(tuple(segments))
        if attempt in self._tried or self._runs >= self._max_runs:
            return False
        self._tried.add(attempt)
        self._runs += 1
        failure = self._runner.run(Replay(attempt))
        carried_out = self._runner.schedule()
        self._tried.add(carried_out)
        if not self._failure.is_like(failure) or _weight(carried_out) >= _weight(self._best):
            return False
        self._best = carried_out
        return True


def _weight(schedule: Schedule) -> tuple[int, int]:
    return schedule.preemptions, len(schedule.segments)


def _preemptions(schedule: Schedule) -> list[int]:
    return [
        number
        for number, segment in enumerate(schedule.segments)
        if segment.until is not None and segment.until.kind != "yield"
    ]


def _built(segments: Sequence[Segment], kept: Sequence[int]) -> list[Segment]:
    """Makes a schedule of some preemptions and of who went on after each."""
    result: list[Segment] = []
    for place, following in zip(kept, [*kept[1:], None], strict=True):
        result.append(segments[place])
        heir = segments[place + 1].actor
        if following is None or segments[following].actor != heir:
            result.append(Segment(heir))
    return result


def _pulled(segments: list[Segment], dropped: Collection[int]) -> list[Segment]:
    """Lets an actor go on at once with what it does later, where a preemption is left out."""
    result: list[Segment] = []
    gone: set[int] = set()
    for number, segment in enumerate(segments):
        if number in gone:
            continue
        until, at = segment.until, number
        while at in dropped:
            later = _next_of(segments, at)
            if later is None:
                until = None
                break
            gone.add(later)
            until, at = segments[later].until, later
        result.append(Segment(segment.actor, until))
    return result


def _pushed(segments: list[Segment], dropped: Collection[int]) -> list[Segment]:
    """Lets an actor do later, when it goes on, what it did before a preemption that is left out."""
    result: list[Segment] = []
    for number, segment in enumerate(segments):
        later = _next_of(segments, number)
        if number in dropped and later is not None:
            continue
        result.append(Segment(segment.actor, None) if number in dropped else segment)
    return result


def _next_of(segments: list[Segment], number: int) -> int | None:
    """Returns the number of the next segment of the same actor."""
    actor = segments[number].actor
    return next(
        (later for later in range(number + 1, len(segments)) if segments[later].actor == actor),
        None,
    )
