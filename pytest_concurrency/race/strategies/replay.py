"""Replay: makes the decisions that a schedule names, and says where it no longer fits."""

from __future__ import annotations

from pytest_concurrency.race.schedule import Point, Schedule, Segment
from pytest_concurrency.race.strategies.protocol import ActorView, Decision, Profile, default_choice

__all__ = ["Replay"]


class Replay:
    """Follows a schedule as far as it fits; beyond, the current actor goes on while it can.

    Args:
        schedule: What to follow.

    Attributes:
        misfits: What did not fit in the last run, in words.
    """

    name = "replay"

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.horizon = 0
        self.misfits: list[str] = []

    def begin(self, run: int, profile: Profile) -> None:
        """Goes back to the start of the schedule."""
        self._segments = self._schedule.segments
        self._at = 0
        self._counts: dict[tuple[str, str, str, int], int] = {}
        self.misfits = []

    def choose(self, decision: Decision) -> ActorView:
        """Returns who goes on according to the schedule."""
        self.horizon = decision.step + 1
        current = decision.current
        if current is None:
            return self._actor_of_segment(decision)
        if decision.reason in ("reach", "yield"):
            point = self._point(current, decision.reason)
            if self._segments[self._at : self._at + 1] == (Segment(current.path, point),):
                self._at += 1
                return self._actor_of_segment(decision)
            return current
        self._leave(current)
        return self._actor_of_segment(decision)

    def yielded(self, actor: ActorView) -> None:
        """Does nothing: the schedule says who goes on."""

    def finish(self) -> None:
        """Notes the segments that were never reached."""
        for segment in self._segments[self._at :]:
            if segment.until is not None:
                self.misfits.append(f"actor {segment.actor} never came to {segment.until}")

    def _point(self, actor: ActorView, reason: str) -> Point:
        """Counts what the actor has come to, and returns it as a point."""
        operation = actor.pending
        if reason == "yield" or operation is None:
            key = (actor.path, "yield", "", 0)
        else:
            line = operation.line - operation.first_line
            key = (actor.path, operation.kind, operation.function, line)
        self._counts[key] = nth = self._counts.get(key, 0) + 1
        return Point(*key[1:], nth)

    def _leave(self, actor: ActorView) -> None:
        """Goes to the next segment because the actor of this one cannot go on."""
        if self._at < len(self._segments) and self._segments[self._at].actor == actor.path:
            until = self._segments[self._at].until
            if until is not None:
                self.misfits.append(f"actor {actor.path} did not come to {until}")
            self._at += 1

    def _actor_of_segment(self, decision: Decision) -> ActorView:
        """Returns the actor of the first segment, from here on, that can go on."""
        for number in range(self._at, len(self._segments)):
            for candidate in decision.candidates:
                if candidate.path == self._segments[number].actor:
                    if number > self._at:
                        self.misfits.append(f"actor {self._segments[self._at].actor} cannot go on")
                    self._at = number
                    return candidate
        return default_choice(decision)

