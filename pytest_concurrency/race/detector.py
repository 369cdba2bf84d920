"""The race detector: what is asked of it, checked; the search; and what is told of it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from pytest_concurrency.errors import NotDeterministic, RaceFound, message
from pytest_concurrency.race.as_threads import AsThreads
from pytest_concurrency.race.asked import (
    checked_actors,
    checked_tasks,
    context_of,
    is_async,
    name_of,
    no_loop_runs,
    positive,
)
from pytest_concurrency.race.crowds import check_crowd, note_on_crowd
from pytest_concurrency.race.driver import ActorKind
from pytest_concurrency.race.evidence import Evidence
from pytest_concurrency.race.finding import Finding, Unsteady, explain, replayed, shortened
from pytest_concurrency.race.goal import Goal
from pytest_concurrency.race.outcomes import Declared, Grades, Outcomes
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.runs import Case
from pytest_concurrency.race.schedule import BadToken, Schedule
from pytest_concurrency.race.search import Plan, Search
from pytest_concurrency.race.store import Store
from pytest_concurrency.race.strategies.named import checked_name
from pytest_concurrency.race.stress import stress

__all__ = ["Race", "RaceResult"]

# What is to be found unless the user says otherwise: a bug that three of 1,000 schedules show.
_RATE = 0.003
_ASKED = ("confidence", "depth", "runs", "budget", "strategy", "bound", "max_steps")


@dataclass(frozen=True)
class RaceResult:
    """What a search has shown; its `str` says it in full.

    Attributes:
        runs: How many runs there were, those before the search proper included.
        seed: Of all random decisions.
        evidence: What a pass is worth; `evidence.sentence` says it.
        outcomes: The table of what `observe` returned; its `str` is the table.
        finding: The schedule that fails, explained; None if there is none.
        notes: What else the reader should know.
        replay: The command that replays the finding.
    """

    runs: int
    seed: int
    evidence: Evidence
    outcomes: Outcomes
    finding: Finding | None = None
    notes: tuple[str, ...] = ()
    replay: str = ""

    @property
    def story(self) -> str:
        """How the failing schedule came about, as plain text; empty if there is none."""
        return "" if self.finding is None else self.finding.story

    @property
    def token(self) -> str:
        """The token of the failing schedule; empty if there is none."""
        return "" if self.finding is None else self.finding.token

    def __str__(self) -> str:
        parts = [] if self.finding is None else [self.finding.text]
        if self.finding is None:
            parts.append(f"{self.evidence.sentence} seed {self.seed}")
        if self.outcomes.rows:
            parts.append(str(self.outcomes))
        parts += self.notes
        if self.replay:
            parts.append(f"replay: {self.replay}")
        return "\n".join(parts)


class Race:
    """Runs actors under schedules of its own choice until one breaks the code, or none is found.

    It is the class behind the fixture `race`, and works in a script or a notebook too.

    Args:
        seed: Of all random decisions; drawn if it is None, and printed in the result.
        confidence: With what probability a bug would be found that 0.3 % of the schedules show.
        depth: Ask for PCT's guarantee for bugs of this depth instead.
        runs: Run so many schedules instead.
        budget: End the search after this time: seconds, or a text such as "2s" or "500ms".
        strategy: "portfolio", "random", "pct", "pos", "urw", "surw", "exhaustive" or "stress". By
            default small programs are enumerated and others sampled with the portfolio.
        bound: The largest number of preemptions of "exhaustive".
        max_steps: After so many visible operations a run counts as endless.
        raise_on_finding: Whether a finding is raised or only returned.
        store: Where findings are remembered, to be tried first the next time.
        test_id: The name under which they are remembered.
        command: What replays a finding; "TOKEN" in it stands for the token.
        start_method: How processes start if a call does not say so; None for Python's default.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        confidence: float = 0.95,
        depth: int | None = None,
        runs: int | None = None,
        budget: float | str | None = None,
        strategy: str | None = None,
        bound: int | None = None,
        max_steps: int = 20_000,
        raise_on_finding: bool = True,
        store: Store | None = None,
        test_id: str = "",
        command: str = 'Race().replay("TOKEN")',
        start_method: str | None = None,
    ) -> None:
        self.seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
        self.results: list[RaceResult] = []
        self._asked: dict[str, Any] = {
            "confidence": confidence,
            "depth": depth,
            "runs": runs,
            "budget": budget,
            "strategy": strategy,
            "bound": bound,
            "max_steps": max_steps,
        }
        _checked(self._asked)
        self._raises = raise_on_finding
        self._store = store
        self._test_id = test_id
        self._command = command
        self._start_method = start_method
        self._replay: tuple[int, Schedule] | None = None
        self._calls = 0

    def replay(self, token: str) -> Race:
        """Replays a finding instead of searching, in the next call.

        Args:
            token: As printed by a finding.

        Returns:
            This object: `Race().replay("r1...").threads(...)`.

        Raises:
            BadToken: It is damaged, no token at all, or of a newer version.
        """
        number, colon, rest = token.strip().partition(":")
        if colon and number.isdigit():
            self._replay = int(number), Schedule.of(rest)
        else:
            self._replay = self._calls + 1, Schedule.of(token)
        return self

    @property
    def to_replay(self) -> int:
        """The number of the call that is to replay a finding and has not come yet, or 0."""
        number = 0 if self._replay is None else self._replay[0]
        return number if number > self._calls else 0

    def threads(
        self,
        *actors: Callable[..., object],
        setup: Callable[[], Any] | None = None,
        check: Callable[[Any], object] | None = None,
        reset: Callable[[Any], object] | None = None,
        copies: int = 1,
        observe: Callable[[Any], object] | None = None,
        acceptable: Declared = None,
        interesting: Declared = None,
        forbidden: Declared = None,
        trace: Iterable[str] = (),
        raise_on_finding: bool | None = None,
        **asked: Any,
    ) -> RaceResult:
        """Runs actors in threads, one at a time, from visible operation to visible operation.

        Args:
            *actors: Each is called with the state, or without an argument if there is no `setup`.
            setup: Makes a fresh state for every run.
            check: Is called with the state after every run; returns False, or raises, if that is
                wrong.
            reset: Puts one state back before every run, instead of making a fresh one.
            copies: How often each actor runs side by side.
            observe: Is called with the state after every run; what it returns makes the table of
                outcomes.
            acceptable: Outcomes that may happen, or a function that tells.
            interesting: Outcomes that may happen and are worth knowing.
            forbidden: Outcomes that must not happen. If any are declared, all others are forbidden.
            trace: Import names of packages, or of modules of the standard library, to be scheduled
                like the user's own code.
            raise_on_finding: Whether a finding is raised or only returned; by default as the class
                was told.
            **asked: `confidence`, `depth`, `runs`, `budget`, `strategy`, `bound` and `max_steps`,
                as for the class, for this call.

        Returns:
            What was shown.

        Raises:
            RaceFound: A schedule breaks the code.
            NotDeterministic: The same schedule led elsewhere the second time, and failed once.
        """
        __tracebackhide__ = True
        case, outcomes = _checked_case(
            "threads", actors, copies, setup, check, reset, observe,
            Grades(acceptable, interesting, forbidden),
        )  # fmt: skip
        return self._race(case, outcomes, Scope(trace), AsThreads(), asked, raise_on_finding)

    def processes(
        self,
        *actors: Callable[..., object],
        setup: Callable[[], Any] | None = None,
        check: Callable[[Any], object] | None = None,
        reset: Callable[[Any], object] | None = None,
        copies: int = 1,
        observe: Callable[[Any], object] | None = None,
        acceptable: Declared = None,
        interesting: Declared = None,
        forbidden: Declared = None,
        trace: Iterable[str] = (),
        start_method: str | None = None,
        raise_on_finding: bool | None = None,
        **asked: Any,
    ) -> RaceResult:
        """Runs actors in processes, one at a time, from visible operation to visible operation.

        `setup`, `check`, `reset` and `observe` run in this process; what they share with the actors
        is what multiprocessing shares: the locks, values, queues, pipes, shared memory and proxies
        of the start method's context, and files.

        Args:
            *actors: As for `threads`; under spawn and forkserver they must be picklable.
            setup: Makes a fresh state for every run, in batches that are made in advance.
            check: As for `threads`.
            reset: As for `threads`; the fastest way.
            copies: As for `threads`.
            observe: As for `threads`.
            acceptable: As for `threads`.
            interesting: As for `threads`.
            forbidden: As for `threads`.
            trace: As for `threads`.
            start_method: "fork", "spawn" or "forkserver". By default that of the fixture
                `mp_context`, if the test has it, else the default of this Python.
            raise_on_finding: As for `threads`.
            **asked: As for `threads`.

        Returns:
            What was shown.

        Raises:
            RaceFound: A schedule breaks the code.
            NotDeterministic: The same schedule led elsewhere the second time, and failed once.
            NotPicklable: An actor or the state cannot be sent to a process of this start method.
            ValueError: There are more than 64 actors.
        """
        __tracebackhide__ = True
        case, outcomes = _checked_case(
            "processes", actors, copies, setup, check, reset, observe,
            Grades(acceptable, interesting, forbidden),
        )  # fmt: skip
        from pytest_concurrency.race.as_processes import AsProcesses
        from pytest_concurrency.race.processes.board import SLOT_COUNT

        check_crowd(len(case.actors), SLOT_COUNT)
        names = tuple(trace)
        kind = AsProcesses(context_of(start_method or self._start_method), names)
        return self._race(case, outcomes, Scope(names), kind, asked, raise_on_finding)

    def tasks(
        self,
        *actors: Callable[..., Awaitable[object]],
        setup: Callable[[], Any] | None = None,
        check: Callable[[Any], object] | None = None,
        reset: Callable[[Any], object] | None = None,
        copies: int = 1,
        observe: Callable[[Any], object] | None = None,
        acceptable: Declared = None,
        interesting: Declared = None,
        forbidden: Declared = None,
        trace: Iterable[str] = (),
        raise_on_finding: bool | None = None,
        **asked: Any,
    ) -> RaceResult:
        """Runs coroutine functions as asyncio tasks, one at a time, from await to await.

        They run on an event loop of its own, in a thread of its own, with a virtual clock. Tasks
        and threads that they start are actors too. A run ends when the given actors have ended;
        what nobody has waited for is cancelled then, as `asyncio.run` does.

        Args:
            *actors: Each is called with the state, or without an argument if there is no `setup`,
                and awaited in a task.
            setup: Makes a fresh state for every run; it may make primitives of asyncio.
            check: As for `threads`.
            reset: As for `threads`.
            copies: As for `threads`.
            observe: As for `threads`.
            acceptable: As for `threads`.
            interesting: As for `threads`.
            forbidden: As for `threads`.
            trace: As for `threads`.
            raise_on_finding: As for `threads`.
            **asked: As for `threads`, but for the strategy "stress".

        Returns:
            What was shown.

        Raises:
            RaceFound: A schedule breaks the code.
            NotDeterministic: The same schedule led elsewhere the second time, and failed once.
            RuntimeError: An event loop is running in this thread.
            NotImplementedError: The code opens a socket, a pipe or a subprocess.
        """
        __tracebackhide__ = True
        no_loop_runs("tasks")
        case, outcomes = _checked_case(
            "tasks", actors, copies, setup, check, reset, observe,
            Grades(acceptable, interesting, forbidden),
        )  # fmt: skip
        from pytest_concurrency.race.as_tasks import AsTasks

        return self._race(case, outcomes, Scope(trace), AsTasks(), asked, raise_on_finding)

    def program(
        self,
        function: Callable[[], object],
        *,
        trace: Iterable[str] = (),
        raise_on_finding: bool | None = None,
        **asked: Any,
    ) -> RaceResult:
        """Runs a whole program, which starts its own threads, pools and timers, again and again.

        Args:
            function: The program; it joins what it starts, and raises if something is wrong. An
                async function runs as by `asyncio.run`, and the tasks that it starts are actors.
            trace: As for `threads`.
            raise_on_finding: As for `threads`.
            **asked: As for `threads`.

        Returns:
            What was shown.

        Raises:
            RaceFound: A schedule breaks the code.
            NotDeterministic: The same schedule led elsewhere the second time, and failed once.
        """
        __tracebackhide__ = True
        kind: ActorKind
        if is_async(function):
            no_loop_runs("program")
            from pytest_concurrency.race.as_tasks import AsTasks

            case, kind = Case(checked_tasks((function,), 1)), AsTasks()
        else:
            case, kind = Case(checked_actors((function,), 1, "program")), AsThreads()
        return self._race(case, Outcomes(), Scope(trace), kind, asked, raise_on_finding)

    def _race(
        self,
        case: Case,
        outcomes: Outcomes,
        scope: Scope,
        kind: ActorKind,
        asked: dict[str, Any],
        raise_on_finding: bool | None,
    ) -> RaceResult:
        __tracebackhide__ = True
        unknown = [name for name in asked if name not in _ASKED]
        if unknown:
            raise TypeError(f"unexpected argument {unknown[0]!r}; known: {', '.join(_ASKED)}")
        asked = {**self._asked, **asked}
        goal = _checked(asked)
        if asked["strategy"] == "stress" and not isinstance(kind, AsThreads):
            raise ValueError("stress is a strategy for threads only: they run in parallel there")
        self._calls += 1
        plan = Plan(
            goal,
            self.seed,
            kind,
            asked["strategy"] or "",
            asked["bound"],
            asked["max_steps"],
            self._known(),
        )
        start = time.monotonic()
        with contextlib.closing(kind):
            if self._replay is not None and self._replay[0] == self._calls:
                result = self._replayed(case, scope, plan, outcomes, self._replay[1])
            elif plan.strategy == "stress":
                result = self._stressed(case, scope, plan, outcomes)
            else:
                result = self._searched(case, scope, plan, outcomes)
            crowd = note_on_crowd(len(case.actors), result.runs, time.monotonic() - start)
            notes = (*result.notes, *kind.notes, *([crowd] if crowd else []))
            result = replace(result, notes=notes)
        self.results.append(result)
        if result.finding is not None and self._raises_now(raise_on_finding):
            # The traceback leads to the line of the actor that failed; a debugger opens there.
            error = result.finding.error
            lines = None if error is None else _users_part(error.__traceback__, scope)
            raise RaceFound(str(result), result=result).with_traceback(lines) from None
        return result

    def _raises_now(self, raise_on_finding: bool | None) -> bool:
        return self._raises if raise_on_finding is None else raise_on_finding

    def _searched(self, case: Case, scope: Scope, plan: Plan, outcomes: Outcomes) -> RaceResult:
        __tracebackhide__ = True
        search = Search(case, plan, outcomes)
        short = None
        with plan.kind.driver(scope, plan.max_steps) as driver:
            search.run(driver)
            if search.found is not None:
                try:
                    short = shortened(case, plan, search.found, search.runs, driver)
                except Unsteady as difference:
                    error = NotDeterministic(_unsteady(str(difference)))
                    raise error from search.found.failure.error
        notes: tuple[str, ...] = ()
        if search.nondeterminism:
            notes = (_unsteady(search.nondeterminism),)
        if search.failed_unsteadily:
            raise NotDeterministic(notes[0])
        finding = None
        if short is not None:
            names = [name_of(actor) for actor in case.actors]
            finding = explain(case, names, scope, plan, short)
        notes += self._remember(search, finding)
        return RaceResult(
            search.runs,
            self.seed,
            search.evidence,
            outcomes,
            finding,
            notes,
            "" if finding is None else self._command.replace("TOKEN", self._numbered(finding)),
        )

    def _replayed(
        self, case: Case, scope: Scope, plan: Plan, outcomes: Outcomes, schedule: Schedule
    ) -> RaceResult:
        __tracebackhide__ = True
        names = [name_of(actor) for actor in case.actors]
        finding, note = replayed(case, names, scope, plan, schedule)
        command = "" if finding is None else self._command.replace("TOKEN", self._numbered(finding))
        return RaceResult(
            1,
            self.seed,
            Evidence(1, "replay"),
            outcomes,
            finding,
            (note,) if note else (),
            command,
        )

    def _stressed(self, case: Case, scope: Scope, plan: Plan, outcomes: Outcomes) -> RaceResult:
        __tracebackhide__ = True
        finding, evidence = stress(case, scope, plan, outcomes)
        return RaceResult(evidence.runs, self.seed, evidence, outcomes, finding)

    def _numbered(self, finding: Finding) -> str:
        """Returns the token, with the number of the call if it is not the first one of the test."""
        return finding.token if self._calls == 1 else f"{self._calls}:{finding.token}"

    def _key(self) -> str:
        return self._test_id if self._calls == 1 else f"{self._test_id}#{self._calls}"

    def _known(self) -> tuple[Schedule, ...]:
        """Returns the schedules that failed in an earlier session."""
        if self._store is None:
            return ()
        known = []
        for token in self._store.load(self._key()):
            try:
                known.append(Schedule.of(token))
            except BadToken:
                # Written by another version.
                self._store.forget(self._key(), token)
        return tuple(known)

    def _remember(self, search: Search, finding: Finding | None) -> tuple[str, ...]:
        """Keeps what was found, for the next session; returns what went wrong with that."""
        if self._store is None:
            return ()
        said = [self._store.forget(self._key(), schedule.token) for schedule in search.passed_again]
        if finding is not None and not finding.always:
            said.append(self._store.remember(self._key(), finding.token))
        return tuple(each for each in said if each)


def _checked_case(
    where: str,
    actors: Sequence[Any],
    copies: int,
    setup: Callable[[], Any] | None,
    check: Callable[[Any], object] | None,
    reset: Callable[[Any], object] | None,
    observe: Callable[[Any], object] | None,
    grades: Grades,
) -> tuple[Case, Outcomes]:
    """Checks what is to be run, and returns it with an empty table of outcomes."""
    __tracebackhide__ = True
    if setup is None and reset is not None:
        raise ValueError("reset= puts a state back, but there is no setup= that makes one")
    if where == "tasks":
        given = checked_tasks(actors, copies)
    else:
        given = checked_actors(actors, copies, where)
    if grades.declared and observe is None:
        raise ValueError("outcomes are declared, but there is no observe= that returns one")
    return Case(given, setup, check, reset, observe, grades), Outcomes(grades)


def _checked(asked: dict[str, Any]) -> Goal:
    """Checks what was asked for, and returns the goal that it makes."""
    __tracebackhide__ = True
    if asked["strategy"] is not None:
        checked_name(asked["strategy"])
    positive(asked["max_steps"], "max_steps")
    if asked["bound"] is not None and asked["bound"] != 0:
        positive(asked["bound"], "bound")
    names = ("confidence", "depth", "runs", "budget")
    return replace(Goal.asked(**{name: asked[name] for name in names}), rate=_RATE)


def _users_part(tb: TracebackType | None, scope: Scope) -> TracebackType | None:
    """Returns the part of a traceback that begins in the user's code."""
    while tb is not None and tb.tb_frame.f_code not in scope:
        tb = tb.tb_next
    return tb


def _unsteady(difference: str) -> str:
    return message(
        "the actors are not deterministic apart from their schedule: two runs of the same schedule "
        "went different ways, so this is not blamed on a race",
        evidence=difference,
        cause="does it depend on time, random numbers, the order of a set, or on what an earlier "
        "run left behind?",
        next_step="make everything afresh in `setup`, and seed what is random there",
    )
