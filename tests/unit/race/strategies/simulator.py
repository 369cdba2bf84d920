"""Runs generators as actors, and asks a strategy exactly where `race/threads.py` would ask it.

An actor yields an `Operation` when it comes to it and does it when it is resumed; it yields a
`Block` to wait, and `GIVE_WAY` to let others go on.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_concurrency.race.accesses import ANYTHING, Access
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.strategies.protocol import Reason, Strategy

MAX_STEPS = 20_000


def operation(kind: str, subject: str, *, acquires: bool = False) -> Operation:
    made = Operation(kind, subject, subject, operation.__code__, 0, 0)
    made.acquires = acquires
    return made


class Waitable:
    """What actors wait for."""

    def __init__(self) -> None:
        self.waiters: list[SimActor] = []


@dataclass
class Block:
    resource: Waitable
    deadline: float | None = None


class _GiveWay:
    pass


GIVE_WAY = _GiveWay()
Program = Generator["Operation | Block | _GiveWay", None, None]
Target = Callable[["Simulator"], Program]


class SimActor(Waitable):
    def __init__(self, index: int, path: str) -> None:
        super().__init__()
        self.index = index
        self.path = path
        self.pending: Operation | None = None
        self.deadline: float | None = None
        self.timed_out = False
        self.waits_for: Waitable | None = None
        self.children = 0
        self.done = False
        self.program: Program

    @property
    def access(self) -> Access:
        if self.pending is None:
            return Access()
        if self.pending.kind == "call":
            return ANYTHING
        touched = (self.pending.subject,)
        return Access(touched) if self.pending.kind == "read" else Access((), touched)


class Lock(Waitable):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.enter = operation("enter", name, acquires=True)
        self.exit = operation("exit", name)
        self.held = False

    def acquire(self) -> Program:
        yield self.enter
        while self.held:
            yield Block(self)
        self.held = True

    def release(self, simulator: Simulator) -> Program:
        yield self.exit
        self.held = False
        simulator.wake(self)


START = operation("call", "start")
JOIN = operation("call", "join")


@dataclass
class Counted:
    """The profile of the runs so far; looks at each run that is longer than those before."""

    steps: int = 0
    actors: int = 0
    operations: Mapping[str, Mapping[Operation, int]] = field(default_factory=dict)

    def look_at(self, simulator: Simulator) -> None:
        self.actors = max(self.actors, len(simulator.actors))
        if len(simulator.trace) <= self.steps:
            return
        self.steps = len(simulator.trace)
        counts: dict[str, dict[Operation, int]] = {}
        for actor, done in simulator.trace:
            of_actor = counts.setdefault(actor.path, {})
            of_actor[done] = of_actor.get(done, 0) + 1
        self.operations = counts


class Simulator:
    """Runs a program under a strategy; is the `Decision` too."""

    def __init__(self, max_steps: int = MAX_STEPS) -> None:
        self.max_steps = max_steps

    def run(self, targets: Sequence[Target], strategy: Strategy) -> str:
        """Returns "complete", "deadlock" or "endless"; `begin` has been called."""
        self.trace: list[tuple[SimActor, Operation]] = []
        self.chosen: list[str] = []
        self.actors: list[SimActor] = []
        self.candidates: list[SimActor] = []
        self.current: SimActor | None = None
        self.failed = False
        self.step = 0
        self.reason: Reason = "start"
        self._limit = 0
        self.strategy = strategy
        for index, target in enumerate(targets):
            self._add(str(index), target)
        self._choose("start")
        return self._loop()

    def _loop(self) -> str:
        trace = self.trace
        while True:
            actor = self.current
            assert actor is not None
            try:
                request = next(actor.program)
            except StopIteration:
                actor.done = True
                self.candidates.remove(actor)
                self.wake(actor)
                if all(each.done for each in self.actors):
                    return "complete"
                if not self.candidates:
                    return "deadlock"
                self._choose("end")
                continue
            if isinstance(request, Operation):
                trace.append((actor, request))
                if len(trace) >= self._limit:
                    actor.pending = request
                    if len(trace) >= self.max_steps:
                        return "endless"
                    self._choose("reach")
                continue
            if isinstance(request, Block):
                self._block(actor, request)
                if not self.candidates:
                    return "deadlock"
                self._choose("block")
            else:
                self.strategy.yielded(actor)
                self._choose("yield")

    def _choose(self, reason: Reason) -> None:
        self.step = len(self.trace)
        self.reason = reason
        chosen = self.strategy.choose(self)
        assert isinstance(chosen, SimActor)
        assert chosen in self.candidates
        assert self.strategy.horizon > self.step
        self._limit = min(self.strategy.horizon, self.max_steps)
        if chosen.deadline is not None:
            chosen.timed_out = True
            chosen.deadline = None
            assert chosen.waits_for is not None
            chosen.waits_for.waiters.remove(chosen)
        self.current = chosen
        self.chosen.append(chosen.path)

    def _block(self, actor: SimActor, request: Block) -> None:
        actor.timed_out = False
        actor.waits_for = request.resource
        actor.deadline = request.deadline
        request.resource.waiters.append(actor)
        if request.deadline is None:
            self.candidates.remove(actor)
        else:
            self.strategy.yielded(actor)

    def wake(self, resource: Waitable) -> None:
        for actor in resource.waiters:
            if actor.deadline is None:
                insort(self.candidates, actor, key=lambda each: each.index)
            actor.deadline = None
        resource.waiters.clear()

    def _add(self, path: str, target: Target) -> SimActor:
        actor = SimActor(len(self.actors), path)
        actor.program = target(self)
        self.actors.append(actor)
        self.candidates.append(actor)
        return actor

    def spawn(self, target: Target) -> SimActor:
        parent = self.current
        assert parent is not None
        actor = self._add(f"{parent.path}.{parent.children}", target)
        parent.children += 1
        return actor

    def main(self, *targets: Target) -> Target:
        """Returns an actor that starts others, and waits for all of them."""

        def starts(simulator: Simulator) -> Program:
            children = []
            for target in targets:
                yield START
                children.append(simulator.spawn(target))
            for child in children:
                yield JOIN
                while not child.done:
                    yield Block(child)

        return starts


def runs_until_failure(
    make: Callable[[Simulator], Sequence[Target]], strategy: Strategy, limit: int
) -> int | None:
    """Returns how many runs it took until the simulator failed or deadlocked; None if it did not.

    Args:
        make: Makes a fresh state and the actors of a run; these set `failed`.
        strategy: Makes the decisions.
        limit: The number of runs.
    """
    profile = Counted()
    simulator = Simulator()
    for run in range(limit):
        strategy.begin(run, profile)
        ending = simulator.run(make(simulator), strategy)
        if simulator.failed or ending != "complete":
            return run + 1
        profile.look_at(simulator)
    return None
