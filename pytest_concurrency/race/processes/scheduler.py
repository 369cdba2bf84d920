"""The driver of processes: lets the actors of worker processes go on, one at a time.

The decisions are made here, by the same strategies as for threads. A worker goes on without asking
until the step at which the strategy wants to decide, or until its actor ends or is blocked.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, cast

from pytest_concurrency.race.accesses import ANYTHING, Access
from pytest_concurrency.race.actors import BLOCKED, DONE, NEW, READY, STRAY
from pytest_concurrency.race.asked import name_of
from pytest_concurrency.race.driver import Ending, Fault, Stretch
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.actors import ProcessActor
from pytest_concurrency.race.processes.crew import Crew, States
from pytest_concurrency.race.processes.heard import Notes
from pytest_concurrency.race.processes.losses import Losses
from pytest_concurrency.race.processes.naming import Facts
from pytest_concurrency.race.processes.plan import write_plan
from pytest_concurrency.race.processes.shared import shares_something
from pytest_concurrency.race.processes.shortage import NO_SHM, explained_shortage, is_shortage
from pytest_concurrency.race.processes.turns import BACK, REASONS, open_gate, pass_gate
from pytest_concurrency.race.processes.watch import Watch
from pytest_concurrency.race.runs import Case
from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.portfolio import Portfolio
from pytest_concurrency.race.strategies.protocol import FAIR_AFTER, Reason, Strategy
from pytest_concurrency.race.surroundings import collector_paused, on_one_cpu

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ProcessScheduler"]

# How often to look at an actor that has the turn, in seconds of real time, and in how many parts.
_LOOK_EVERY = 0.05
_GLANCES = 10
_LOOPS = ", in a loop without an end,"
# So many decisions in a row without a visible operation are an endless loop.
_POLLS = 1_000


class ProcessScheduler(Losses):
    """Runs actors in processes under schedules; use it with `with`, and `close` it in the end.

    Args:
        context: Of the start method.
        max_steps: After so many visible operations a run counts as endless.
        trace: What else is the user's code: see `Scope`.

    Attributes:
        kept: Nothing is kept: objects stay in their processes.
        faults: Nothing: what goes wrong in a process ends an actor, or the process.
        records: Whether the workers record their steps, with values.
        candidates, current, reason, step: See `Decision`.
    """

    foresees_accesses = True

    def __init__(self, context: BaseContext, max_steps: int, trace: tuple[str, ...] = ()) -> None:
        super().__init__(max_steps)
        self.faults: Sequence[Fault] = ()
        self._context = context
        self._scope_trace = trace
        self._states: States | None = None
        self._used = 0
        self._case: Case | None = None
        self._strategy: Strategy
        self._exit = contextlib.ExitStack()
        self._pinned = contextlib.ExitStack()
        self._is_open = False
        self._main_actors: list[ProcessActor] = []
        self._plans = False
        self._is_timeless = False
        self.candidates: list[ProcessActor] = []
        self.current: ProcessActor | None = None
        self.reason: Reason = "start"
        self.step = 0
        self.kept: list[object] | None = None
        self.records = False
        self._notes_acquires = True

    def __enter__(self) -> Self:
        if not self._is_open:
            self._is_open = True
            self._exit.enter_context(collector_paused())
            self._exit.callback(self._pinned.close)
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the workers as they are: what comes next may use them."""
        self.records = False

    def close(self) -> None:
        """Ends the workers, and lets go of the states: their semaphores are gone with them."""
        with self._exit:
            if self._crew is not None:
                self._crew.stop(self._is_clean)
            if self._states is not None:
                self._states.let_go()
            self._crew = self._states = None
            self._given = ()
            self.actors, self.stretches, self.candidates = [], [], []
            self._main_actors, self.current = [], None

    @property
    def note(self) -> str:
        """What the states have cost, if that is worth a word."""
        return "" if self._states is None else self._states.note

    # What a search asks: see `Driver`.

    def fresh_state(self, case: Case) -> tuple[Any, ...]:
        """Returns the state of the next run, and sees to it that there are workers who have it.

        Raises:
            BaseException: Whatever `setup` or `reset` raises, or the start of a worker.
        """
        __tracebackhide__ = True
        if self._crew is None or self._states is None:
            self._case = case
            self._states = States(case)
            with explained_shortage("the semaphores and the shared memory of a race", NO_SHM):
                self._crew = crew = Crew(self._context, case, self._max_steps, self._scope_trace)
            self._board, self._words = crew.board, crew.board.words
            for number in range(len(case.actors)):
                crew.board.add_actor(number, -1)
            crew.board.keep_as_first()
            self._main_actors = [
                ProcessActor(self, number, str(number), number, False, name_of(actor))
                for number, actor in enumerate(case.actors)
            ]
            self._renew()
        batch = self._states.batch
        if batch is None:
            return ()
        if case.reset is None:
            if self._used == len(batch):
                self._renew()
                batch = self._states.batch
            assert batch
            state = batch[self._used]
            self._crew.board.words[at.STATE] = self._used
            self._used += 1
        else:
            if self.ending != "complete":
                # What it looks like half-way through a run, no `reset` need know.
                self._renew()
                batch = self._states.batch
            assert batch
            state = batch[0]
            case.reset(state)
        self._given = (state,)
        return self._given

    def run(self, targets: Sequence[Callable[..., object]], strategy: Strategy) -> Ending:
        """Runs the actors once; whatever happens, none is left running.

        Args:
            targets: What the actors do.
            strategy: Makes the decisions; its `begin` has been called.

        Returns:
            How the run ended; everything else is in the attributes.

        Raises:
            Exception: Whatever the strategy raises.
        """
        self._begin(strategy)
        reason: Reason | None = "start"
        try:
            while reason is not None:
                chosen = self._choose(reason)
                if chosen is None:
                    break
                self._let_go_on(chosen, reason)
                reason = self._wait(chosen)
            self.length = min(self._words[at.STEP], self._max_steps)
            if self.ending != "complete" or self._words[at.SLOTS] > len(targets):
                self._unwind()
        except BaseException:
            # Ctrl-C, say, or the timeout of a test: who has the turn may never give it back.
            self._is_clean = False
            self.close()
            raise
        return self.ending

    def find_accesses(self, find: bool) -> None:
        """Does nothing: every operation counts as touching all there is."""

    def step_aside(self, aside: bool) -> bool:
        """Returns False: what traces the processes does so at the same time."""
        return False

    @property
    def notes_acquires(self) -> bool:
        """Whether to note which operations acquire a primitive."""
        return self._notes_acquires

    @notes_acquires.setter
    def notes_acquires(self, notes: bool) -> None:
        self._notes_acquires = notes

    @property
    def accesses(self) -> list[tuple[ProcessActor, Access]]:
        """What the operations of the last run touched: all there is, as far as anybody knows.

        Nothing, if the state holds nothing that processes share: each has a copy of it.
        """
        if not shares_something(self._given):
            return []
        return [(cast(ProcessActor, stretch.actor), ANYTHING) for stretch in self.stretches]

    # One run.

    def _renew(self) -> None:
        """Makes states and starts workers on them."""
        __tracebackhide__ = True
        assert self._crew is not None
        assert self._states is not None
        assert self._case is not None
        if self._states.batch is not None:
            self._states.make()
        self._operations = [[] for _ in self._case.actors]
        # Many workers start faster on all CPUs, and hand over faster on one.
        self._pinned.close()
        with explained_shortage("the processes of a race and their states"):
            while True:
                try:
                    self._crew.start(self._states.batch)
                    break
                except OSError as error:
                    if not is_shortage(error) or not self._states.halve():
                        raise
        self._pinned.enter_context(on_one_cpu())
        self._is_clean = True
        self._used = 0

    def _begin(self, strategy: Strategy) -> None:
        assert self._crew is not None
        assert self._case is not None
        if not self._is_clean:
            for number in self._crew.replace_dead():
                self._operations[number] = []
            self._is_clean = True
        words = self._words
        self._plans = not self.records and isinstance(strategy, (PCT, Portfolio))
        self._board.begin_again()
        words[at.STEP] = words[at.ABORTING] = words[at.WAITERS] = 0
        words[at.HOPS] = words[at.CHANGED] = 0
        words[at.NOTES] = self._notes_acquires
        words[at.RECORDS] = self.records
        words[at.EVENTS] = 0
        words[at.DETAIL] = self._read_ahead = 0
        if self.records:
            self._notes = Notes()
            self.facts = Facts()
        self._strategy = strategy
        self._trace = None
        self._outside = 0
        self.length = 0
        self.stretches = []
        self.actors = [*self._main_actors]
        self.strays = []
        self.death = None
        self.current = None
        self.ending = "complete"
        for actor in self._main_actors:
            actor.children = actor.yields = 0
            actor.error = None

    def _choose(self, reason: Reason) -> ProcessActor | None:
        """Asks the strategy who goes on; None if the run is over."""
        able = self._able()
        if reason == "end" and not self._is_anybody_left():
            return None
        while not able:
            if not self._outside:
                if not self._finds_the_dead():
                    self.ending = "deadlock"
                return None
            if not self._wait_for_a_stray():
                return None
            able = self._able()
        self.step = self._words[at.STEP]
        # Who polls in code that is not the user's comes to no operations.
        polls = self.stretches[-_POLLS:] if len(self.stretches) >= _POLLS else []
        if self.step >= self._max_steps or (
            len(polls) == _POLLS and polls[0].start == self.step and reason == "block"
        ):
            if not self._finds_the_dead():
                self.ending = "endless"
            return None
        self.reason = reason
        self.candidates = able
        chosen = self._strategy.choose(self)
        if chosen is None:
            self.ending = "cut"
        return cast("ProcessActor | None", chosen)

    def _able(self) -> list[ProcessActor]:
        """Returns who can go on, by slot; new actors among them."""
        words, actors = self._words, self.actors
        if words[at.SLOTS] > len(actors):
            self._meet_new_actors()
        able = []
        timed: list[float] = []
        self._is_timeless = not self._outside
        for state, actor in zip(
            words[at.STATE_OF : at.STATE_OF + len(actors)], actors, strict=True
        ):
            actor.deadline = None
            if state <= READY:
                able.append(actor)
            elif state == BLOCKED:
                deadline = self._board.deadlines[actor.index]
                if deadline != math.inf:
                    self._is_timeless = False
                    actor.deadline = deadline
                    able.append(actor)
                    timed.append(deadline)
            elif state == BACK:
                words[at.STATE_OF + actor.index] = READY
                self._outside -= 1
                able.append(actor)
        if len(timed) > 1:
            # Of several timeouts the earliest wins first.
            first = min(timed)
            able = [actor for actor in able if actor.deadline is None or actor.deadline == first]
        return able

    def _meet_new_actors(self) -> None:
        words = self._words
        for slot in range(len(self.actors), words[at.SLOTS]):
            parent = words[at.PARENT + slot]
            daemon = parent < 0
            # A run does not go on for daemons alone.
            self._plans = self._plans and not daemon
            starter = self.actors[~parent if daemon else parent]
            path = f"{starter.path}.{starter.children}"
            starter.children += 1
            owner = words[at.OWNER + slot]
            self.actors.append(
                ProcessActor(self, slot, path, owner, daemon, f"a thread of actor {owner}")
            )

    def _is_anybody_left(self) -> bool:
        words = self._words
        return any(
            words[at.STATE_OF + actor.index] != DONE for actor in self.actors if not actor.daemon
        )

    def _let_go_on(self, actor: ProcessActor, reason: Reason) -> None:
        words, slot, before = self._words, actor.index, self.current
        fires = actor.deadline is not None
        if fires or actor is not before or reason == "block":
            if before is not None:
                before.yields = words[at.YIELDS + before.index]
            yields = 0 if before is None else before.yields
            self.stretches.append(Stretch(self.step, actor, reason, before, yields))
        if fires:
            self._board.now = max(self._board.now, self._board.deadlines[slot])
            words[at.TIMED_OUT + slot] = 1
        words[at.STATE_OF + slot] = READY
        words[at.LIMIT] = min(self._strategy.horizon, self._max_steps)
        words[at.BATON] = slot
        words[at.PLANNED] = 0
        if self._plans and self._is_timeless:
            living = [each for each in self.actors if words[at.STATE_OF + each.index] != DONE]
            plan = cast("PCT | Portfolio", self._strategy).plan(living)
            if plan is not None:
                write_plan(words, plan, min(FAIR_AFTER, self._max_steps))
        self.current = actor
        assert self._crew is not None
        open_gate(self._crew.gates[slot])

    def _wait(self, actor: ProcessActor) -> Reason | None:
        """Waits until an actor gives the turn back; returns why, or None if the run is over."""
        assert self._crew is not None
        if not self._comes_back():
            watch = Watch()
            while not self._comes_back():
                words = self._words
                # It may have handed the turn on.
                actor = self.actors[words[at.BATON]]
                code = self._crew.exit_code(actor.owner)
                if code is not None:
                    self._died(self._follow_hops(), code)
                    return None
                thread = words[at.NATIVE + actor.index]
                sleeps = watch.sleeps(self._crew.pid(actor.owner), thread, words[at.STEP])
                if sleeps and self._finds_the_dead():
                    # It died when it had just handed the turn on.
                    return None
                if sleeps and not words[at.TALKS] and self._leave_outside(self._follow_hops()):
                    return "block"
                if watch.seconds > self._patience:
                    self._give_up(self._follow_hops(), "" if watch.is_asleep else _LOOPS)
                    return None
        words = self._words
        actor = self._follow_hops()
        if words[at.DETAIL]:
            self._read_details(actor.owner)
        reason = cast(Reason, REASONS[words[at.REPORT]])
        if reason == "yield" or (
            reason == "block" and self._board.deadlines[actor.index] != math.inf
        ):
            actor.deadline = None if reason == "yield" else self._board.deadlines[actor.index]
            self._strategy.yielded(actor)
        return reason

    def _comes_back(self) -> bool:
        """Waits a moment; tells whether a worker has given the turn back."""
        assert self._crew is not None
        for _ in range(_GLANCES):
            if pass_gate(self._crew.done, True, _LOOK_EVERY / _GLANCES):
                return True
            # It may have been handed on.
            owner = self.actors[self._words[at.BATON]].owner
            self._read_waiting(owner)
            if self._crew.exit_code(owner) is not None:
                # It may have given it back first.
                return pass_gate(self._crew.done, False)
        return False

    def _follow_hops(self) -> ProcessActor:
        """Notes who went on without being chosen again; returns the last of them."""
        words, actor = self._words, self.current
        assert actor is not None
        for hop in range(words[at.HOPS]):
            before, actor = actor, self.actors[words[at.HOP_TO + hop]]
            before.yields = words[at.YIELDS + before.index]
            started = words[at.HOP_AT + hop]
            why = cast(Reason, REASONS[words[at.HOP_WHY + hop]])
            self.stretches.append(Stretch(started, actor, why, before, before.yields))
        if words[at.CHANGED]:
            changed = words[at.CHANGE_OF : at.CHANGE_OF + words[at.CHANGED]]
            cast("PCT | Portfolio", self._strategy).follow(changed)
        words[at.HOPS] = words[at.CHANGED] = 0
        self.current = actor
        return actor

    def _unwind(self) -> None:
        """Ends every actor that has begun and not ended."""
        assert self._crew is not None
        words = self._words
        words[at.ABORTING] = 1
        # Each one gives the turn back when it has ended, whatever was planned.
        words[at.LIMIT] = words[at.PLANNED] = 0
        for actor in self.actors:
            if words[at.STATE_OF + actor.index] == STRAY:
                # It is in a call that may never return.
                self._crew.kill(actor.owner)
                self._is_clean = False
        if words[at.SLOTS] > len(self.actors):
            self._meet_new_actors()
        for actor in self.actors:
            state = words[at.STATE_OF + actor.index]
            has_begun = state != NEW or "." in actor.path
            if state != DONE and has_begun and self._crew.exit_code(actor.owner) is None:
                self._unwind_one(actor)

    def _unwind_one(self, actor: ProcessActor) -> None:
        assert self._crew is not None
        words = self._words
        words[at.BATON] = actor.index
        open_gate(self._crew.gates[actor.index])
        watch = Watch()
        while not self._comes_back():
            if self._crew.exit_code(actor.owner) is not None:
                words[at.DETAIL] = self._read_ahead = 0
                self._is_clean = False
                return
            watch.sleeps(self._crew.pid(actor.owner), 0, 0)
            if watch.seconds > self._patience:
                self.strays.append(f"{self._described(actor)}, which does not let itself be ended,")
                self._lose_patience()
                self._crew.kill(actor.owner)
        self._read_details(actor.owner)
