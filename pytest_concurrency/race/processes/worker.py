"""What runs in a worker process: one actor, run after run, each time on a fresh state."""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

from pytest_concurrency.children.orphans import end_with_parent
from pytest_concurrency.children.worker import describe_exception
from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.primitives import Primitives
from pytest_concurrency.race.primitives.type_patches import TypePatches
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.board import Board
from pytest_concurrency.race.processes.copies import ModuleCopies
from pytest_concurrency.race.processes.feeders import Feeders
from pytest_concurrency.race.processes.file_locks import FileLocks
from pytest_concurrency.race.processes.pipes import pipe_methods, waiting_function
from pytest_concurrency.race.processes.recording import RecordingTurns
from pytest_concurrency.race.processes.sealed import Sealed
from pytest_concurrency.race.processes.semaphores import Semaphores

__all__ = ["Job", "work"]

_COLLECT_EVERY = 500
_THREAD_PATIENCE = 1.0


class Job(NamedTuple):
    """What a worker is given.

    Args:
        number: Of the worker, and of its actor.
        actors: All actors of the race, whose code tells which names change.
        states: The states of the runs to come; None if the actors take none.
        board: What is shared with the scheduler.
        gates: The semaphore of each actor.
        done: That of the scheduler.
        trace: What else is the user's code: see `Scope`.
        cpu: Where to run, or None.
    """

    number: int
    actors: Sequence[Callable[..., object]]
    states: Sequence[Any] | None
    board: Board
    gates: Sequence[Any]
    done: Any
    trace: tuple[str, ...]
    cpu: int | None


def work(messages: Connection, sealed: Sealed) -> None:
    """Runs the actor of a worker until it is told to leave.

    Args:
        messages: Where to send messages to the scheduler.
        sealed: The `Job`.
    """
    # Ctrl-C is for the parent, which ends the run in order.
    os.setpgid(0, 0)
    end_with_parent()
    try:
        job: Job = sealed.opened()
    except BaseException as error:
        messages.send(describe_exception(error))
        return
    if job.cpu is not None:
        os.sched_setaffinity(0, {job.cpu})
    scope = Scope(job.trace)
    gates = [gate._semlock for gate in job.gates]
    turns = RecordingTurns(job.number, job.board, gates, job.done._semlock, messages.send, scope)
    worker = _Worker(job, turns)
    # What an actor forks is no actor, and must not take its turns.
    os.register_at_fork(after_in_child=turns.step_aside)
    messages.send(None)
    words, runs = job.board.words, 0
    while True:
        turns.wait_for_turn(job.number)
        if words[at.COMMAND] == at.LEAVE:
            break
        worker.run(() if job.states is None else (job.states[words[at.STATE]],))
        runs += 1
        if not runs % _COLLECT_EVERY:
            gc.collect()
    worker.leave()
    turns.points.stop()
    turns.end_threads(_THREAD_PATIENCE)


class _Worker:
    def __init__(self, job: Job, turns: RecordingTurns) -> None:
        self._turns = turns
        self._number = job.number
        self._target = job.actors[job.number]
        self._primitives = Primitives(turns)
        self._feeders = Feeders()
        self._copies = ModuleCopies()
        semaphores, file_locks = Semaphores(turns), FileLocks(turns)
        self._locks: list[Any] = [semaphores, file_locks]
        self._patches = TypePatches()
        for owner, name, method in (
            *semaphores.methods(),
            *pipe_methods(turns),
            *file_locks.methods(),
            (BaseContext, "Manager", self._manager()),
        ):
            self._patches.replace(owner, name, method)
        if "multiprocessing.managers" in sys.modules:
            self._follow_proxies()
        vars(connection)["wait"] = waiting_function(turns)
        turns.on_error = self._tell_error
        turns.on_end = self._tidy
        turns.held_by = self._keys_held_by
        turns.holder_of = self._primitives.holder_of
        gc.disable()
        gc.freeze()
        table = turns.points.table
        for actor in job.actors:
            function = _function_of(actor)
            if function is not None and function.__code__ in turns.scope:
                # What one actor stores, another one sees, in whose process that code never runs.
                table.add(function.__code__, function.__globals__)
        turns.points.start()
        self._primitives.install()
        # A process of its own would draw from the system. `random` seeds itself after a fork, too.
        random.seed(job.number)
        table.on_namespace = self._meet
        for namespace in table.namespaces():
            self._meet(namespace)

    def _manager(self) -> Callable[..., Any]:
        """Makes what follows the proxies of a manager that an actor starts."""
        start = BaseContext.Manager

        def manager(self_: BaseContext) -> Any:
            self._follow_proxies()
            return start(self_)

        return manager

    def _follow_proxies(self) -> None:
        # Not imported before it is needed: it takes a tenth of the time to start.
        from pytest_concurrency.race.processes.proxies import Proxies

        if not any(isinstance(locks, Proxies) for locks in self._locks):
            proxies = Proxies(self._turns)
            self._locks.append(proxies)
            for owner, name, method in proxies.methods():
                self._patches.replace(owner, name, method)

    def run(self, given: tuple[Any, ...]) -> None:
        """Runs the actor once."""
        for locks in self._locks:
            locks.forget_run()
        self._primitives.forget_run()
        self._feeders.forget_run()
        self._copies.restore()
        self._turns.prepare(given)
        self._turns.run(partial(self._target, *given), self._feeders.drain)

    def leave(self) -> None:
        """Sees to it that nothing waits for what the last run has left when the process ends."""
        self._feeders.forget_run()

    def _meet(self, namespace: Mapping[str, object]) -> None:
        """Sees the globals of a module of the user's, the first time code of it runs."""
        self._copies.see(namespace)
        self._primitives.replace_names_of(namespace)

    def _tell_facts(self) -> None:
        """Tells what is true of this process alone, for the story."""
        names = {name for code in self._turns.points.table.codes() for name in code.co_names}
        self._turns.tell("globals", self._copies.texts(frozenset(names)))
        for name, state in self._copies.drawn_from():
            self._turns.tell("random", name, state)

    def _keys_held_by(self, actor: Actor) -> list[tuple[int, int]]:
        return [each for locks in self._locks for each in locks.keys_held_by(actor)]

    def _tidy(self, actor: Actor) -> None:
        if self._turns.records and actor.index == self._number:
            self._tell_facts()
        for locks in self._locks:
            locks.release_held_by(actor)
        self._primitives.release_held_by(actor)

    def _tell_error(self, actor: Actor) -> None:
        assert actor.error is not None
        self._turns.tell_crash(actor, self._turns.scope.__contains__)
        self._turns.tell("error", actor.index, describe_exception(actor.error))


def _function_of(actor: Any) -> Any:
    """Returns the Python function that an actor calls, if there is one."""
    while isinstance(actor, partial):
        actor = actor.func
    actor = getattr(actor, "__func__", actor)
    return actor if hasattr(actor, "__code__") else None
