"""What goes wrong with the workers of a race of processes: they die, block outside, or loop."""

from __future__ import annotations

import linecache
import time
from collections.abc import Iterator

from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.race.actors import DONE, STRAY
from pytest_concurrency.race.deaths import ActorDied
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.actors import ProcessActor
from pytest_concurrency.race.processes.heard import Heard
from pytest_concurrency.race.processes.semaphores import key_of
from pytest_concurrency.race.processes.shared import queue_locks_in, rooms_in, semaphores_in
from pytest_concurrency.race.processes.turns import BACK
from pytest_concurrency.race.recording import Death, Held

__all__ = ["Losses"]

_LESS_PATIENCE = 1.0
_LOOK_EVERY = 0.005
_monotonic = time.monotonic


class Losses(Heard):
    """Recognises workers that do not go on, and takes the turn from them; the argument is Heard's.

    Attributes:
        strays: What blocked in the last run without being modelled, in words.
    """

    def __init__(self, max_steps: int) -> None:
        super().__init__(max_steps)
        self._outside = 0
        self._is_clean = True
        self.strays: list[str] = []

    def _able(self) -> list[ProcessActor]:
        """Returns who can go on; for subclasses."""
        raise NotImplementedError

    def _died(self, actor: ProcessActor, code: int) -> None:
        assert self._crew is not None
        self._read_waiting(actor.owner)
        self._words[at.DETAIL] = self._read_ahead = 0
        self._is_clean = False
        self.ending = "died"
        how = describe_exit(code)
        last = self._last_operation_of(actor)
        self.death = Death(
            actor.path,
            how,
            *(("", 0) if last is None else (last.code.co_filename, last.line)),
            tuple(self._held_by(actor.owner)),
        )
        actor.error = ActorDied(
            f"the process of actor {actor.path} ({actor.name}) died: {how}",
            exitcode=code,
            death=self.death,
        )

    def _finds_the_dead(self) -> bool:
        """Looks for an actor that waits for ever, or is waited for, because its process died."""
        assert self._crew is not None
        for actor in self.actors:
            code = self._crew.exit_code(actor.owner)
            if code is not None and self._words[at.STATE_OF + actor.index] != DONE:
                self._died(actor, code)
                return True
        return False

    def _last_operation_of(self, actor: ProcessActor) -> Operation | None:
        """Returns the visible operation that an actor has come to last; None if to none."""
        end = min(self._words[at.STEP], self._max_steps)
        for stretch in reversed(self.stretches):
            if stretch.actor is actor and stretch.start < end:
                number = self._board.trace[end - 1]
                known = self._operations[actor.owner]
                return known[number] if number < len(known) else None
            end = stretch.start
        return None

    def _held_by(self, owner: int) -> Iterator[Held]:
        """Yields the locks of the state that the actors of a dead process held."""
        words = self._words
        labels = {key_of(lock): label for label, lock in semaphores_in(self._given)}
        doing = {key_of(lock): what for lock, what in queue_locks_in(self._given)}
        rooms = rooms_in(self._given)
        for actor in self.actors:
            if actor.owner != owner or words[at.STATE_OF + actor.index] == DONE:
                continue
            for key, number in self._board.held_by(actor.index):
                if key in rooms:
                    continue
                operation = self._operations[owner][number] if number >= 0 else None
                yield Held(
                    labels.get(key, "a lock"),
                    "" if operation is None else operation.code.co_filename,
                    0 if operation is None else operation.line,
                    tuple(
                        each.path
                        for each in self.actors
                        if words[at.KEY + each.index] == key and each.owner != owner
                    ),
                    doing.get(key, ""),
                )

    def _leave_outside(self, actor: ProcessActor) -> bool:
        """Takes the turn from an actor that blocks outside; False if there is nobody else."""
        words = self._words
        others = [each for each in self._able() if each is not actor]
        if not others:
            return False
        words[at.STATE_OF + actor.index] = STRAY
        words[at.BATON] = -1
        self._outside += 1
        self.strays.append(self._described(actor))
        return True

    def _wait_for_a_stray(self) -> bool:
        """Waits until an actor comes back from outside; False if none does."""
        assert self._crew is not None
        words = self._words
        until = _monotonic() + self._patience
        while True:
            for actor in self.actors:
                state = words[at.STATE_OF + actor.index]
                if state == BACK:
                    return True
                code = self._crew.exit_code(actor.owner) if state == STRAY else None
                if code is not None:
                    self._died(actor, code)
                    return False
            if _monotonic() > until:
                self.ending = "stuck"
                self._lose_patience()
                return False
            time.sleep(_LOOK_EVERY)

    def _give_up(self, actor: ProcessActor, doing: str) -> None:
        """Kills the worker of an actor that does nothing visible any more."""
        assert self._crew is not None
        self.strays.append(self._described(actor) + doing)
        self.ending = "stuck"
        self._lose_patience()
        self._crew.kill(actor.owner)
        self._words[at.DETAIL] = self._read_ahead = 0
        self._is_clean = False

    def _lose_patience(self) -> None:
        self._patience = min(self._patience, _LESS_PATIENCE)

    def _described(self, actor: ProcessActor) -> str:
        """Says where an actor blocks: at what it has come to last."""
        self._read_waiting(actor.owner)
        last = self._last_operation_of(actor)
        if last is None:
            return f"actor {actor.path} ({actor.name})"
        source = linecache.getline(last.code.co_filename, last.line).strip()
        return f"actor {actor.path} at {last.code.co_filename}:{last.line}: {source}"
