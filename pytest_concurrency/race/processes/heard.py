"""What the workers of a race of processes have told the scheduler of operations, and of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.children.runner import rebuilt_exception
from pytest_concurrency.errors import ChildDied, ChildTraceback
from pytest_concurrency.race.driver import Ending, Stretch
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.actors import ProcessActor
from pytest_concurrency.race.processes.crew import Crew
from pytest_concurrency.race.processes.naming import Facts
from pytest_concurrency.race.processes.shared import rooms_in
from pytest_concurrency.race.recording import Crash, Death, Record, Step, Wait

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["PATIENCE", "Heard", "Notes"]

PATIENCE = 10.0
"""How long an actor may do nothing visible, in seconds of real time."""


class CodeName(NamedTuple):
    """Stands for code of another process."""

    co_filename: str
    co_name: str
    co_firstlineno: int


class Notes:
    """What the workers have told of a run that is recorded."""

    def __init__(self) -> None:
        self.steps: dict[int, tuple[int, list[Any]]] = {}
        self.waits: list[tuple[Any, ...]] = []
        self.holders: dict[int, tuple[int, int]] = {}
        self.crashes: list[Crash] = []


class Heard:
    """Listens to the workers, each of whom numbers the operations it comes to.

    Args:
        max_steps: After so many visible operations a run counts as endless.

    Attributes:
        stretches: Who went on from which operation, and why.
        actors: The actors of the last run.
        ending: How it ended.
        length: How many visible operations there were in it.
        death: Whose process died, if that is how it ended.
        facts: What the recorded run has shown of the processes themselves.
    """

    def __init__(self, max_steps: int) -> None:
        self._max_steps = max_steps
        self._crew: Crew | None = None
        self._board: at.Board
        self._words: memoryview
        self._given: tuple[Any, ...] = ()
        self._operations: list[list[Operation]] = []
        self._read_ahead = 0
        self._patience = PATIENCE
        self._trace: list[Operation] | None = []
        self._notes = Notes()
        self.length = 0
        self.stretches: list[Stretch] = []
        self.actors: list[ProcessActor] = []
        self.ending: Ending = "complete"
        self.death: Death | None = None
        self.facts = Facts()

    @property
    def trace(self) -> list[Operation]:
        """The visible operations of the last run in the order in which actors came to them."""
        if self._trace is None:
            ends = [stretch.start for stretch in self.stretches[1:]] + [self.length]
            numbers = self._board.trace
            self._trace = [
                self._operations[cast(ProcessActor, stretch.actor).owner][numbers[step]]
                for stretch, end in zip(self.stretches, ends, strict=True)
                for step in range(stretch.start, end)
            ]
        return self._trace

    @property
    def has_lost_patience(self) -> bool:
        """Whether real time ran out for an actor: each run costs much of it then."""
        return self._patience < PATIENCE

    @property
    def record(self) -> Record:
        """What was recorded of the last run, if `records` is set."""
        return Record(
            tuple(self._step_of(*each) for _, each in sorted(self._notes.steps.items())),
            tuple(self._wait_of(*each) for each in self._notes.waits)
            if self.ending == "deadlock"
            else (),
            tuple(self._notes.crashes),
            self.ending == "endless",
            death=self.death,
        )

    def _step_of(self, owner: int, sent: list[Any]) -> Step:
        slot, number, label, before, after, locks, raised = sent
        operation = self._operations[owner][number]
        path = self.actors[slot].path
        return Step(path, operation, label, before, after, operation.writes, locks, raised)

    def _wait_of(
        self, owner: int, slot: int, label: str, number: int, key: int, holder: int | None
    ) -> Wait:
        operation = None if number < 0 else self._operations[owner][number]
        since = 0
        if key in self._notes.holders and key not in rooms_in(self._given):
            holder, since = self._notes.holders[key]
        return Wait(
            self.actors[slot].path,
            label or "something",
            "" if operation is None else operation.code.co_filename,
            0 if operation is None else operation.line,
            "" if holder is None else self.actors[holder].path,
            since,
        )

    def pending_of(self, actor: ProcessActor) -> Operation | None:
        """Returns the next visible operation of an actor; None if it has not come to one."""
        number = self._words[at.PENDING + actor.index]
        return None if number < 0 else self._operations[actor.owner][number]

    def _read_details(self, owner: int) -> None:
        """Reads what a worker has sent during the turn that is over."""
        assert self._crew is not None
        words = self._words
        for _ in range(words[at.DETAIL] - self._read_ahead):
            sent = self._crew.read(owner, self._patience)
            if sent is None:
                break
            self._take_in(owner, sent)
        words[at.DETAIL] = self._read_ahead = 0

    def _read_waiting(self, owner: int) -> None:
        """Reads what there is, so that a worker with much to say does not have to wait."""
        assert self._crew is not None
        while (sent := self._crew.read(owner, 0)) is not None:
            self._read_ahead += 1
            self._take_in(owner, sent)

    def _take_in(self, owner: int, sent: tuple[Any, ...]) -> None:
        what, *rest = sent
        if what == "operation":
            kind, name, subject, offset, line, *code = rest
            stand_in = cast("CodeType", CodeName(*code))
            self._operations[owner].append(Operation(kind, name, subject, stand_in, offset, line))
        elif what == "acquires":
            for number in rest:
                self._operations[owner][number].acquires = True
        elif what == "steps":
            for event, step in rest[0].items():
                self._notes.steps[event] = owner, step
        elif what == "wait":
            *wait, is_orphan = rest
            self._notes.waits.append((owner, *wait))
            if is_orphan:
                self.facts.orphans.append((self.actors[wait[0]].path, wait[1]))
        elif what == "globals":
            self.facts.globals_of[owner] = rest[0]
        elif what == "random":
            self.facts.drawn_from.append((*rest, owner))
        elif what == "held":
            slot, held = rest
            for key, line in held:
                self._notes.holders[key] = slot, line
        elif what == "crash":
            slot, text, filename, line = rest
            self._notes.crashes.append(Crash(self.actors[slot].path, text, filename, line))
        elif what == "error":
            slot, outcome = rest
            self.actors[slot].error = self._error_of(self.actors[slot], outcome)

    def _error_of(self, actor: ProcessActor, outcome: Any) -> BaseException:
        if outcome["kind"] == "exited":
            error: BaseException = ChildDied(
                f"{actor.name} ended its process by sys.exit(): {describe_exit(outcome['code'])}",
                exitcode=outcome["code"],
            )
        else:
            error = rebuilt_exception(actor.name, outcome)
        error.__cause__ = ChildTraceback(outcome["traceback"])
        return error
