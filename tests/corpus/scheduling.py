"""One run of threads that hand a baton to each other, by decisions that can be replayed."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.corpus.programs import Finding

STEP_LIMIT = 20_000
"""A run of more decisions than this is cut off; no program of the corpus needs a tenth of it."""

WAIT = 30.0
"""Seconds after which a thread of ours that does not answer is an error of this module."""


@dataclass(frozen=True)
class Decision:
    """Who could have gone on, what each of them would have cost in preemptions, and who did."""

    enabled: tuple[int, ...]
    costs: tuple[int, ...]
    chosen: int

    @property
    def cost(self) -> int:
        return self.costs[self.enabled.index(self.chosen)]


@dataclass
class Run:
    """What one run came to."""

    finding: Finding | Literal["cut off"] | None = None
    error: BaseException | None = None
    decisions: list[Decision] = field(default_factory=list)

    @property
    def preemptions(self) -> int:
        return sum(decision.cost for decision in self.decisions)


class Abandoned(BaseException):
    """Unwinds a thread whose run is over."""


Chooser = Callable[[Decision, int], int]
"""Gets a decision as it would be by default and its number, and returns who goes on."""


def _always() -> bool:
    return True


@dataclass(eq=False)
class Actor:
    """A thread under the scheduler."""

    index: int
    call: Callable[[], object]
    ready: Callable[[], bool] = _always
    deadline: float | None = None  # virtual seconds
    yields: bool = False
    finished: bool = False

    def __post_init__(self) -> None:
        self.baton = allocate_lock()
        self.baton.acquire()
        self.gone = allocate_lock()
        self.gone.acquire()

    @property
    def enabled(self) -> bool:
        return not self.finished and (self.deadline is not None or self.ready())


class Scheduler:
    """One run of one program."""

    def __init__(self, choose: Chooser) -> None:
        self.choose = choose
        self.run = Run()
        self.actors: list[Actor] = []
        self.current: Actor | None = None
        self.over = False
        self.diverged: str | None = None
        self.clock = 0.0
        self.ended = allocate_lock()
        self.ended.acquire()

    def start(self, call: Callable[[], object]) -> Actor:
        """Adds a thread; it runs when it is chosen."""
        actor = Actor(len(self.actors), call)
        self.actors.append(actor)
        start_new_thread(self._carry, (actor,))
        return actor

    def play(self) -> None:
        """Runs the actors to the end of the run and waits until their threads are gone."""
        self._hand_on()
        assert self.ended.acquire(timeout=WAIT), "the reference scheduler lost its baton"
        for actor in self.actors:
            assert actor.gone.acquire(timeout=WAIT), f"actor {actor.index} does not end"
        assert self.diverged is None, self.diverged
        self.current = None

    def decide(self) -> None:
        """Lets the scheduler choose who goes on from here."""
        self.wait(_always)

    def wait(
        self, ready: Callable[[], bool], timeout: float | None = None, *, yields: bool = False
    ) -> bool:
        """Goes on when `ready` holds or the time is up, and says which of them it was."""
        actor = self.current
        if actor is None:  # setup or check: alone
            assert ready(), "setup and check cannot wait"
            return True
        if self.over:
            raise Abandoned
        actor.ready, actor.yields = ready, yields
        actor.deadline = None if timeout is None else self.clock + timeout
        if not self._hand_on():
            assert actor.baton.acquire(timeout=WAIT), f"actor {actor.index} was forgotten"
        if self.over:
            raise Abandoned
        is_ready = ready()
        if not is_ready and actor.deadline is not None:
            self.clock = max(self.clock, actor.deadline)
        actor.ready, actor.deadline, actor.yields = _always, None, False
        return is_ready

    def _carry(self, actor: Actor) -> None:
        try:
            if actor.baton.acquire(timeout=WAIT) and not self.over:
                actor.call()
        except Abandoned:
            pass
        except BaseException as error:
            self._end("exception", error)
        finally:
            actor.finished = True
            if not self.over:
                self._hand_on()
            actor.gone.release()

    def _hand_on(self) -> bool:
        """Chooses who goes on; False if it is another, who has the baton then."""
        decision = self._default()
        number = len(self.run.decisions)
        if decision is None:
            self._end(None if all(actor.finished for actor in self.actors) else "deadlock")
            return True
        if number >= STEP_LIMIT:
            self._end("cut off")
            return True
        chosen = self.choose(decision, number)
        if chosen not in decision.enabled:
            self.diverged = f"decision {number} is {chosen}, and only {decision.enabled} can go on"
            self._end("cut off")
            return True
        self.run.decisions.append(Decision(decision.enabled, decision.costs, chosen))
        before, self.current = self.current, self.actors[chosen]
        if before is self.current:
            return True
        self.current.baton.release()
        return False

    def _default(self) -> Decision | None:
        """Goes on with the same actor if it can; a timeout fires when nothing else can go on."""
        enabled = [actor for actor in self.actors if actor.enabled]
        enabled = [actor for actor in enabled if not actor.yields] or enabled
        if not enabled:
            return None
        waking = [actor for actor in enabled if actor.ready()]
        if self.current in waking:
            default = self.current
        elif waking:
            default = waking[0]
        else:
            default = min(enabled, key=lambda actor: actor.deadline or 0.0)
        costs = [
            int(self.current in waking and actor is not self.current)
            + int(bool(waking) and actor not in waking)
            for actor in enabled
        ]
        assert default is not None
        return Decision(tuple(actor.index for actor in enabled), tuple(costs), default.index)

    def _end(
        self, finding: Finding | Literal["cut off"] | None, error: BaseException | None = None
    ) -> None:
        if self.over:  # an error of a thread that unwinds
            return
        self.over = True
        self.run.finding, self.run.error = finding, error
        for actor in self.actors:
            if not actor.finished and actor is not self.current:
                actor.baton.release()
        self.ended.release()
