"""The worker processes of a race, and the states that they run on.

A process is started once and used for many runs. Each run has a fresh state all the same: locks
and shared memory can only be passed on when a process starts, so states are made in batches, and
each batch is given to new workers.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.children.processes import members
from pytest_concurrency.children.runner import rebuilt_exception
from pytest_concurrency.errors import ChildDied, ChildTraceback, NotPicklable, message
from pytest_concurrency.pickling.starting import explain_sending
from pytest_concurrency.race.processes import board as at
from pytest_concurrency.race.processes.board import SLOT_COUNT, Board
from pytest_concurrency.race.processes.sealed import Sealed
from pytest_concurrency.race.processes.shared import memory_in, semaphores_in
from pytest_concurrency.race.processes.shortage import explained_shortage, is_shortage
from pytest_concurrency.race.processes.turns import open_gate, pass_gate
from pytest_concurrency.race.processes.worker import Job, work
from pytest_concurrency.race.runs import Case
from pytest_concurrency.race.surroundings import one_cpu

__all__ = ["Crew", "States"]

# In seconds.
_START_TIMEOUT = 60.0
_END_TIMEOUT = 5.0
_FIRST_BATCH = 8
_GROWTH = 8
_LARGEST_BATCH = 2_048
# Making a batch may take so long; a state that takes longer than the second is made alone.
_BATCH_SECONDS = 0.25
_DEAR = 0.02
# Fewer than so many that were made alone are not worth a word.
_MANY = 10
# What multiprocessing says when a forkserver is to pass on more than 256 file descriptors.
_TOO_MANY_TO_SEND = "too many fds"
_monotonic = time.monotonic


class States:
    """Makes the states of a race, in batches.

    Args:
        case: Whose `setup` makes them.

    Attributes:
        batch: The states for the workers at hand; None if the actors take none.
        seconds: How long one takes to make, as measured; 0 until one was made.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._size = _FIRST_BATCH
        self._limit = _LARGEST_BATCH
        self.batch: list[Any] | None = None if case.setup is None else []
        self.seconds = 0.0
        self._batches = self._made_alone = 0
        self._seconds_alone = 0.0

    @property
    def are_made_one_at_a_time(self) -> bool:
        """Whether they are too dear to be made in advance."""
        return self.seconds > _DEAR

    def make(self) -> None:
        """Makes the next batch.

        Raises:
            BaseException: Whatever `setup` raises.
        """
        __tracebackhide__ = True
        setup = self._case.setup
        assert setup is not None
        self.let_go()
        batch: list[Any] = []
        self.batch = batch
        until = _monotonic() + _BATCH_SECONDS
        wanted = 1 if self._case.reset is not None else min(self._size, self._limit)
        while len(batch) < wanted:
            start = _monotonic()
            try:
                with explained_shortage("the state of a run"):
                    batch.append(setup())
            except OSError as error:
                # The workers need some of what has run out.
                if not is_shortage(error) or not self.halve():
                    raise
                break
            end = _monotonic()
            self.seconds = end - start
            if end > until or self.are_made_one_at_a_time:
                break
        self._size = min(self._size * _GROWTH, _LARGEST_BATCH)
        self._batches += 1
        if self.are_made_one_at_a_time:
            self._made_alone += 1
            self._seconds_alone += self.seconds

    def let_go(self) -> None:
        """Gives back what the states at hand would leave behind: the names of shared memory."""
        _unlink_memory(self.batch or ())

    @property
    def note(self) -> str:
        """What it cost that states could not be made in advance; empty if most could."""
        if self._made_alone < _MANY or self._made_alone * 2 < self._batches:
            return ""
        return (
            f"setup takes {self._seconds_alone / self._made_alone * 1000:.0f} ms for a state, so "
            f"states were not made in batches, and {self._made_alone} of them each had new "
            "processes: make what is dear once, outside of setup, or put one state back with reset="
        )

    def halve(self) -> bool:
        """Gives up half of the batch, and makes no larger one; False if there is nothing to give.

        What has run out comes back with the states, unless somebody else keeps them.
        """
        if self.batch is None or len(self.batch) < 2:
            return False
        self._limit = len(self.batch) // 2
        _unlink_memory(self.batch[self._limit :])
        del self.batch[self._limit :]
        return True


def _unlink_memory(states: Sequence[Any]) -> None:
    for state in states:
        blocks = memory_in((state,))
        for block in blocks:
            with contextlib.suppress(FileNotFoundError):
                block.unlink()
        if not blocks:
            # They are all alike.
            break


class _Worker(NamedTuple):
    process: Any
    messages: Connection
    sender: Connection


class Crew:
    """The workers of a race, one for each actor.

    Args:
        context: Of the start method.
        case: The race.
        max_steps: After so many visible operations a run counts as endless.
        trace: What else is the user's code: see `Scope`.

    Attributes:
        board: What is shared with them.
        gates: Where each actor waits.
        done: Where the scheduler waits.
    """

    def __init__(
        self, context: BaseContext, case: Case, max_steps: int, trace: tuple[str, ...]
    ) -> None:
        self._context: Any = context
        self._case = case
        self._trace = trace
        self._workers: list[_Worker] = []
        self._states: Sequence[Any] | None = None
        self.board = Board(context, max_steps)
        self._gates = [context.Semaphore(0) for _ in range(SLOT_COUNT)]
        self._done = context.Semaphore(0)
        self.gates = [gate._semlock for gate in self._gates]  # type: ignore[attr-defined]
        self.done = self._done._semlock  # type: ignore[attr-defined]

    @property
    def method(self) -> str:
        """The start method."""
        return str(self._context.get_start_method())

    def start(self, states: Sequence[Any] | None) -> None:
        """Starts the workers, instead of those there are.

        Args:
            states: For the runs to come; None if the actors take none.

        Raises:
            NotPicklable: An actor or a state cannot be sent under this start method.
            ChildDied: A worker ended before it was ready.
        """
        __tracebackhide__ = True
        self.stop()
        self._states = states
        if self.method != "fork":
            self._check_that_it_can_be_sent()
        self.board.words[at.COMMAND] = at.RUN
        try:
            for number in range(len(self._case.actors)):
                worker = self._made(number)
                self._workers.append(worker)
                self._start(worker)
            for worker in self._workers:
                self._wait_until_ready(worker)
        except BaseException:
            self.stop(in_order=False)
            raise

    def replace_dead(self) -> list[int]:
        """Starts new workers for those that have died; returns which ones."""
        __tracebackhide__ = True
        # First: a fresh worker would take a turn that was given to a dead one.
        self._close_gates()
        dead = []
        for number, worker in enumerate(self._workers):
            if not worker.process.is_alive():
                self._discard(worker, in_order=False)
                self._workers[number] = fresh = self._made(number)
                self._start(fresh)
                self._wait_until_ready(fresh)
                dead.append(number)
        return dead

    def stop(self, in_order: bool = True) -> None:
        """Ends the workers.

        Args:
            in_order: Whether they wait for their next run, and can be told to leave.
        """
        workers, self._workers = self._workers, []
        try:
            if in_order:
                self.board.words[at.COMMAND] = at.LEAVE
                for number in range(len(workers)):
                    open_gate(self.gates[number])
                until = _monotonic() + _END_TIMEOUT
                for worker in workers:
                    worker.process.join(max(0.0, until - _monotonic()))
        finally:
            for worker in workers:
                _kill(worker.process)
            for worker in workers:
                self._discard(worker, in_order)
        self._close_gates()

    def read(self, number: int, timeout: float) -> tuple[Any, ...] | None:
        """Returns the next message of a worker; None if there is none in time, or never will be."""
        messages = self._workers[number].messages
        with contextlib.suppress(EOFError, OSError):
            if messages.poll(timeout):
                received: tuple[Any, ...] = messages.recv()
                return received
        return None

    def pid(self, number: int) -> int:
        """Returns the process id of a worker."""
        return int(self._workers[number].process.pid)

    def exit_code(self, number: int) -> int | None:
        """Returns how a worker has ended; None if it lives."""
        code: int | None = self._workers[number].process.exitcode
        return code

    def kill(self, number: int) -> None:
        """Ends a worker that does not come back."""
        _kill(self._workers[number].process)

    def _close_gates(self) -> None:
        for gate in (*self.gates, self.done):
            while pass_gate(gate, False):
                pass

    def _made(self, number: int) -> _Worker:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work, args=(sender, Sealed(self._job(number))), name=f"actor-{number}"
        )
        return _Worker(process, receiver, sender)

    def _start(self, worker: _Worker) -> None:
        try:
            worker.process.start()
        except ValueError as error:
            if str(error) != _TOO_MANY_TO_SEND:
                raise
            raise OSError(errno.EMFILE, _TOO_MANY_TO_SEND) from error
        finally:
            worker.sender.close()

    def _job(self, number: int) -> Job:
        return Job(
            number,
            tuple(self._case.actors),
            self._states,
            self.board,
            self._gates,
            self._done,
            self._trace,
            one_cpu(),
        )

    def _check_that_it_can_be_sent(self) -> None:
        """Pickles everything as for a child, before anything is started."""
        __tracebackhide__ = True
        first = tuple(self._states[:1]) if self._states else ()
        culprits = [str(each) for each in explain_sending(actors=tuple(self._case.actors))]
        # Before 3.12, a lock of another context is sent all the same, and crashes the process.
        nameless = [label for label, lock in semaphores_in(first) if lock.name is None]
        culprits += [f"{label} was made by the context of fork" for label in sorted(set(nameless))]
        if not nameless:
            culprits += [str(each) for state in first for each in explain_sending(state=state)]
        if culprits:
            raise NotPicklable(
                message(
                    f"the actors and their state cannot be sent to a process under {self.method}",
                    evidence="\n".join(culprits),
                    cause="does setup use another context than the one that starts the processes?"
                    if nameless
                    else "",
                    next_step=f'make it with multiprocessing.get_context("{self.method}"), which '
                    "is the fixture `mp_context`"
                    if nameless
                    else "",
                )
            )

    def _wait_until_ready(self, worker: _Worker) -> None:
        __tracebackhide__ = True
        until = _monotonic() + _START_TIMEOUT
        while _monotonic() < until:
            ready = connection.wait([worker.messages, worker.process.sentinel], _START_TIMEOUT)
            if worker.messages in ready:
                with contextlib.suppress(EOFError):
                    problem = worker.messages.recv()
                    if problem is None:
                        return
                    raise self._not_loaded(problem)
            if not worker.process.is_alive():
                break
        raise ChildDied(
            message(
                "a worker process of the race ended before it was ready: "
                + describe_exit(worker.process.exitcode or 0),
                evidence="what it printed is in the captured output",
                cause="does the main module import in a fresh process?",
            ),
            exitcode=worker.process.exitcode,
        )

    def _not_loaded(self, problem: Any) -> Exception:
        """Makes an error of what a worker says about the actors or states sent to it."""
        error = rebuilt_exception("a worker", problem)
        if isinstance(error, OSError) and is_shortage(error):
            return error
        not_loaded = NotPicklable(
            message(
                f"the actors or their state cannot be loaded in a process of {self.method!r}: "
                f"{problem['type']}: {problem['text']}",
                evidence=problem["traceback"],
                cause="does the module of the actors import in a fresh process, and does "
                "everything that `setup` returns unpickle there?",
            )
        )
        not_loaded.__cause__ = ChildTraceback(problem["traceback"])
        return not_loaded

    def _discard(self, worker: _Worker, in_order: bool) -> None:
        pid = worker.process.pid
        _kill(worker.process)
        if pid is not None:
            if not in_order or worker.process.exitcode:
                # What it has started lives on, and keeps open what tells of its end.
                for member in members(pid):
                    with contextlib.suppress(OSError):
                        os.kill(member.pid, signal.SIGKILL)
            worker.process.join(_END_TIMEOUT)
        with contextlib.suppress(ValueError):
            worker.process.close()
        worker.messages.close()
        worker.sender.close()


def _kill(process: Any) -> None:
    """Kills a worker, and what it has started: its group."""
    if process.pid is not None and process.exitcode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
