"""What only processes do wrong: each has a copy of its own of everything that is not shared."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from pytest_concurrency.race.naming import Diagnosis
from pytest_concurrency.race.recording import Record

__all__ = ["Facts", "name_copies"]

_LONGEST = 60


@dataclass
class Facts:
    """What a recorded run has shown of its processes.

    Attributes:
        globals_of: For each process, by module and name, what a plain global that its code uses
            was when the process started, and was in the end; as texts.
        drawn_from: What random generators were drawn from: the name, what tells the state that it
            started with, and the process.
        orphans: Who waits for a lock that nobody in its process holds, and the lock's label.
    """

    globals_of: dict[int, dict[tuple[str, str], tuple[str, str]]] = field(default_factory=dict)
    drawn_from: list[tuple[str, int, int]] = field(default_factory=list)
    orphans: list[tuple[str, str]] = field(default_factory=list)


def name_copies(record: Record, facts: Facts, method: str) -> Diagnosis | None:
    """Names a failure that comes from what a process got, or did not get, from its parent.

    Args:
        record: The record of the failing run.
        facts: What it has shown of its processes.
        method: The start method.
    """
    if facts.orphans and record.waits:
        return _lock_held_at_the_fork(facts)
    missed = _missed_globals(facts, method)
    if missed is not None:
        return missed
    changed = _changed_copies(facts)
    if changed is not None:
        return changed
    return _duplicated_random(facts)


def _lock_held_at_the_fork(facts: Facts) -> Diagnosis:
    path, label = facts.orphans[0]
    return Diagnosis(
        "lock held at the fork",
        f"Actor {path} waits for {label or 'a lock'}, which nobody in its process holds: it was "
        "taken when the process was forked, and the thread that took it exists in the parent "
        "only. A process started by spawn or forkserver makes its own.",
    )


def _missed_globals(facts: Facts, method: str) -> Diagnosis | None:
    """Finds a global that the parent has changed since its module was imported."""
    if method == "fork":
        return None
    for owner, texts in sorted(facts.globals_of.items()):
        for (module, name), (first, _) in sorted(texts.items()):
            here = _here(module, name)
            if here is not None and here != first:
                return Diagnosis(
                    "global that the process does not see",
                    f"{name} is {_short(here)} in the parent, and {_short(first)} in process "
                    f"{owner}: {method} imports {module} afresh, and what the parent has changed "
                    "since is not there. Give it to the actor as an argument, or in the state.",
                )
    return None


def _changed_copies(facts: Facts) -> Diagnosis | None:
    """Finds a global that a process has changed, for itself alone."""
    for owner, texts in sorted(facts.globals_of.items()):
        for (module, name), (first, last) in sorted(texts.items()):
            if first != last:
                here = _here(module, name)
                return Diagnosis(
                    "global that is not shared",
                    f"Process {owner} changed {name} from {_short(first)} to {_short(last)}, in "
                    f"its own copy of {module}. In the parent it is still {_short(here or first)}: "
                    "processes share no globals. Use a Value, an Array, a queue or a file.",
                )
    return None


def _duplicated_random(facts: Facts) -> Diagnosis | None:
    """Finds two processes that draw the same numbers."""
    first: dict[tuple[str, int], int] = {}
    for name, state, owner in facts.drawn_from:
        other = first.setdefault((name, state), owner)
        if other != owner:
            return Diagnosis(
                "random state that is duplicated",
                f"Processes {other} and {owner} drew the same numbers from {name}: each has a copy "
                "of it in the same state, which is that of the parent under fork, and that of the "
                "import otherwise. Seed it in the actor, with something that differs.",
            )
    return None


def _here(module: str, name: str) -> str | None:
    """Returns the text of a global of this process; None if there is none."""
    namespace = vars(sys.modules[module]) if module in sys.modules else {}
    return repr(namespace[name]) if name in namespace else None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
