"""The index of the kernels: programs of the corpus whose actors are asyncio tasks, or processes.

Name, parameters and kind of bug are those of the program for threads, and so is the way it shows.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from tests.corpus.programs import PROGRAMS, Finding, Program
from tests.corpus.shared import ProcessShape, Shape, TaskShape

NAMES = (
    "account",
    "bluetooth_driver",
    "deadlock01",
    "lazy01",
    "reorder_5",
    "stringbuffer-jdk1.4",
    "token_ring",
    "twostage",
    "wronglock",
)

FIRST_WORDS: dict[Finding | None, str] = {
    "check": "the check failed",
    "exception": "actor ",
    "deadlock": "deadlock: ",
}
"""How a finding of the detector begins, by how the bug shows."""


@dataclass(frozen=True)
class TaskProgram(Program):
    """A program whose actors are coroutine functions; a task cannot be preempted."""

    package: str = "tests.corpus.tasks"

    def load(self) -> TaskShape[Any]:
        """Imports the module and returns `setup`, the coroutine functions and `check`."""
        return cast("TaskShape[Any]", super().load())


@dataclass(frozen=True)
class ProcessProgram(Program):
    """A program whose actors are for processes.

    Args:
        context: The multiprocessing context that makes the state, or what stands in for it.
    """

    package: str = "tests.corpus.processes"
    context: Any = None

    def under(self, context: Any) -> ProcessProgram:
        """Returns the program with this context."""
        return replace(self, context=context)

    def shape_of(self, namespace: Mapping[str, Any]) -> Shape[Any]:
        """Returns `setup`, bound to the context, the actors and `check`."""
        shape: ProcessShape[Any] = (
            namespace["family"](**self.parameters)
            if self.parameters
            else (namespace["setup_with"], namespace["ACTORS"], namespace["check"])
        )
        setup_with, actors, check = shape
        return functools.partial(setup_with, self.context), actors, check


def _ported(name: str) -> list[Program]:
    return [PROGRAMS[f"{kind}/{name}"] for kind in ("fail", "pass")]


TASKS = {
    each.id: TaskProgram(each.name, each.kind, each.module, each.finding, each.bug, each.parameters)
    for name in NAMES
    for each in _ported(name)
}
"""Every kernel for tasks by its id."""

PROCESSES = {
    each.id: ProcessProgram(
        each.name,
        each.kind,
        each.module,
        each.finding,
        each.bug,
        each.parameters,
        preemptions=each.preemptions,
    )
    for name in NAMES
    for each in _ported(name)
}
"""Every kernel for processes by its id; its `under` gives it a context."""
