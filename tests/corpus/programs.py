"""The index of the corpus: every program by name, and what is known of it.

A program is a module of `fail` or `pass` with `setup`, `ACTORS` and `check`, plain Python that
knows nothing of us. Where a module is a family, the entry has the parameters of its member. The
words for kinds of bug are those of the modules' docstrings.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.corpus.shared import Shape

Kind = Literal["fail", "pass"]
Finding = Literal["check", "exception", "deadlock"]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """One program of the corpus.

    Args:
        name: Its name in the literature; twins share it.
        kind: `fail` or `pass`.
        module: The name of its module within `fail` or `pass`.
        finding: How the bug shows; a program of `pass` has none.
        bug: The kind of the bug, as its module's docstring says.
        parameters: What to call the module's `family` with; empty for a module that is no family.
        every_schedule: Whether it fails in every schedule, and so without any interleaving.
        preemptions: The fewest preemptions that make it fail, with decisions before every shared
            access, lock operation and thread operation.
        package: Where `fail` and `pass` are.
    """

    name: str
    kind: Kind
    module: str
    finding: Finding | None
    bug: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    every_schedule: bool = False
    preemptions: int = 0
    package: str = "tests.corpus"

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def import_name(self) -> str:
        return f"{self.package}.{self.kind}.{self.module}"

    @property
    def file(self) -> Path:
        return ROOT.joinpath(*self.import_name.split(".")).with_suffix(".py")

    def load(self) -> Shape[Any]:
        """Imports the module and returns `setup`, the actors and `check`."""
        return self.shape_of(vars(importlib.import_module(self.import_name)))

    def shape_of(self, namespace: Mapping[str, Any]) -> Shape[Any]:
        """Returns `setup`, the actors and `check` from the namespace of the module."""
        if self.parameters:
            shape: Shape[Any] = namespace["family"](**self.parameters)
            return shape
        return namespace["setup"], namespace["ACTORS"], namespace["check"]

    def whole(self) -> Callable[[], None]:
        """Returns the program with a main thread that starts and joins a thread for each actor.

        This is the form whose schedules the literature counts; an exception in a thread is raised
        again after all have been joined.
        """
        setup, actors, check = self.load()

        def main() -> None:
            state = setup()
            errors: list[Exception] = []

            def act(actor: Callable[[Any], object]) -> None:
                try:
                    actor(state)
                except Exception as error:
                    errors.append(error)

            threads = [threading.Thread(target=act, args=(actor,)) for actor in actors]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if errors:
                raise errors[0]
            assert check(state)

        return main


def _pair(
    name: str,
    finding: Finding,
    bug: str,
    *,
    module: str = "",
    every_schedule: bool = False,
    preemptions: int = 1,
    **parameters: Any,
) -> tuple[Program, Program]:
    """Returns the program that fails and its fixed twin."""
    module = module or name
    return (
        Program(name, "fail", module, finding, bug, parameters, every_schedule, preemptions),
        Program(name, "pass", module, None, bug, parameters),
    )


_SCTBENCH = (
    _pair("account", "exception", "order", preemptions=0),
    _pair("arithmetic_prog", "check", "wrong assertion", every_schedule=True, preemptions=0),
    _pair("bluetooth_driver", "exception", "check-then-act"),
    _pair("carter01", "deadlock", "deadlock"),
    _pair("circular_buffer", "exception", "order"),
    _pair("deadlock01", "deadlock", "deadlock"),
    *(
        _pair(
            f"din_phil{count}",
            "check",
            "wrong assertion",
            module="din_phil",
            every_schedule=True,
            preemptions=0,
            philosophers=count,
        )
        for count in range(2, 8)
    ),
    _pair("lazy01", "exception", "order", preemptions=0),
    _pair("phase01", "deadlock", "deadlock", every_schedule=True, preemptions=0),
    _pair("queue", "exception", "order"),
    *(
        _pair(
            f"reorder_{name}",
            "exception",
            "torn read",
            module="reorder",
            setters=setters,
            checkers=checkers,
        )
        for name, setters, checkers in (
            (3, 2, 1),
            (4, 3, 1),
            (5, 4, 1),
            (10, 9, 1),
            (20, 10, 10),
            (50, 40, 10),
            (100, 99, 1),
        )
    ),
    _pair("stack", "exception", "check-then-act"),
    _pair("sync01", "deadlock", "lost wake-up", every_schedule=True, preemptions=0),
    _pair("sync02", "deadlock", "lost wake-up", every_schedule=True, preemptions=0),
    _pair("token_ring", "exception", "order", preemptions=0),
    *(
        _pair(
            name,
            "exception",
            "atomicity violation",
            module="twostage",
            writers=writers,
            readers=readers,
        )
        for name, writers, readers in (
            ("twostage", 1, 1),
            ("twostage_20", 10, 10),
            ("twostage_50", 40, 10),
            ("twostage_100", 99, 1),
        )
    ),
    _pair("wronglock", "exception", "atomicity violation", others=7),
    _pair("wronglock_3", "exception", "atomicity violation", module="wronglock", others=3),
    _pair("stringbuffer-jdk1.4", "exception", "atomicity violation", module="stringbuffer"),
    _pair(
        "WorkStealQueue",
        "check",
        "check-then-act",
        module="work_steal_queue",
        interlocked=False,
        stateful=False,
    ),
    _pair(
        "StateWSQ",
        "exception",
        "check-then-act",
        module="work_steal_queue",
        interlocked=False,
        stateful=True,
    ),
    _pair(
        "InterlockedWSQ",
        "check",
        "check-then-act",
        module="work_steal_queue",
        interlocked=True,
        stateful=False,
    ),
    _pair(
        "InterlockedWSQWithState",
        "exception",
        "check-then-act",
        module="work_steal_queue",
        interlocked=True,
        stateful=True,
    ),
    _pair("SafeStack", "exception", "ABA", module="safe_stack", preemptions=8),
)

_PRIMITIVES = (
    _pair("counter", "check", "lost update"),
    _pair("lock", "check", "lost update"),
    _pair("rlock", "check", "check-then-act"),
    _pair("condition", "exception", "check-then-act"),
    _pair("event", "deadlock", "lost wake-up", preemptions=2),
    _pair("semaphore", "exception", "order"),
    _pair("bounded_semaphore", "exception", "order"),
    _pair("barrier", "check", "order", preemptions=0),
    _pair("thread_join", "check", "order", preemptions=0),
    _pair("thread_local", "check", "atomicity violation"),
    _pair("fifo_queue", "deadlock", "check-then-act"),
    _pair("lifo_queue", "check", "atomicity violation"),
    _pair("priority_queue", "exception", "order"),
    _pair("simple_queue", "check", "order", preemptions=0),
    _pair("futures_wait", "check", "order"),
    _pair("sleep", "check", "order"),
    _pair("timeout", "check", "order"),
    _pair("timer", "check", "order", preemptions=2),
)

PROGRAMS = {program.id: program for pair in (*_SCTBENCH, *_PRIMITIVES) for program in pair}
"""Every program by its id: `fail/account`, `pass/account` ..."""
