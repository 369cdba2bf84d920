"""A small scheduler for the corpus alone: what its claims, and the race detector, are held to.

It shares nothing with the detector, so that the two cannot be wrong together. `rewriting` puts a
decision before every access to a shared variable of a program, and `stand_ins` puts a lock that
knows the scheduler under Condition, Event, Semaphore, Barrier, the queues and the futures of the
standard library, which are Python on top of locks. Threads are real, and exactly one of them runs
at a time. Time is virtual, and a timeout that could win is a decision.

The search is the depth-first search of CHESS (Musuvathi and Qadeer, 2007): all schedules with at
most so many preemptions. Firing a timeout while others could go on counts as one, too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from tests.corpus.programs import Program
from tests.corpus.rewriting import rewritten
from tests.corpus.scheduling import Chooser, Run, Scheduler
from tests.corpus.stand_ins import standing_in


class Reference:
    """A program under the reference scheduler; use it with `with`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scheduler = Scheduler(lambda decision, _: decision.chosen)
        self.stand_ins = contextlib.ExitStack()
        self.setup, self.actors, self.check = program.shape_of(
            rewritten(program, lambda: self.scheduler.decide())
        )

    def __enter__(self) -> Reference:
        self.stand_ins.enter_context(standing_in(lambda: self.scheduler))
        return self

    def __exit__(self, *_: object) -> None:
        self.stand_ins.close()

    def run(self, choose: Chooser) -> Run:
        """Runs the program once, each decision made by `choose`."""
        self.scheduler = scheduler = Scheduler(choose)
        run = scheduler.run
        state = self.setup()
        for actor in self.actors:
            scheduler.start(_bound(actor, state))
        scheduler.play()
        if run.finding is None:
            try:
                right = self.check(state)
            except Exception as error:
                run.finding, run.error = "check", error
            else:
                run.finding = None if right else "check"
        return run

    def walk(self, seed: int) -> Run:
        """Runs once, each decision a random one."""
        random = Random(seed)
        return self.run(lambda decision, _: random.choice(decision.enabled))

    def replay(self, chosen: Sequence[int]) -> Run:
        """Runs with these first decisions, and the default ones after them."""
        return self.run(
            lambda decision, number: chosen[number] if number < len(chosen) else decision.chosen
        )

    def explore(self, preemptions: int) -> Iterator[Run]:
        """Yields a run for every schedule with at most so many preemptions, the default first."""
        prefixes: list[list[int]] = [[]]
        while prefixes:
            prefix = prefixes.pop()
            run = self.replay(prefix)
            chosen = [decision.chosen for decision in run.decisions]
            spent = sum(decision.cost for decision in run.decisions[: len(prefix)])
            for number in range(len(prefix), len(chosen)):
                decision = run.decisions[number]
                for other, cost in zip(decision.enabled, decision.costs, strict=True):
                    if other != decision.chosen and spent + cost <= preemptions:
                        prefixes.append([*chosen[:number], other])
            yield run


def _bound(actor: Callable[[Any], object], state: object) -> Callable[[], object]:
    return lambda: actor(state)
