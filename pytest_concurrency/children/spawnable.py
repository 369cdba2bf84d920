"""`assert_spawnable`: can a target and its arguments be handed to a spawned child?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from pytest_concurrency.children.runner import RunInProcess
from pytest_concurrency.errors import ChildDied, ChildHung, NotPicklable, message
from pytest_concurrency.pickling.starting import explain_start

_SECONDS = 30.0


def assert_spawnable(target: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
    """Assert that `Process(target=..., args=..., kwargs=...)` starts under spawn and forkserver.

    The target is not called: a fresh child only loads it and its arguments, as it would before it
    calls it.

    Args:
        target: the function.
        *args: its arguments; locks, queues and the like of `multiprocessing` may be among them.
        **kwargs: its keyword arguments.

    Raises:
        NotPicklable: naming what cannot be sent, or what the child says when it loads it.
        TypeError: when the target cannot be called.
    """
    __tracebackhide__ = True
    if not callable(target):
        raise TypeError(f"assert_spawnable needs a function, and got {target!r}")
    culprits = explain_start(target, args, kwargs)
    if culprits:
        raise NotPicklable(
            message(
                "the child cannot be started under spawn and forkserver",
                evidence="\n".join(map(str, culprits)),
            )
        )
    problem = _load_in_a_child(target, args, kwargs)
    if problem:
        raise NotPicklable(
            message(
                "the child was started, but cannot load its target or arguments",
                evidence=problem,
                cause="is the module that defines them importable in a fresh interpreter?",
            )
        )


def _load_in_a_child(target: object, args: Any, kwargs: Any) -> str:
    """Load everything in a spawned child; return what went wrong there."""
    run = RunInProcess(get_context("spawn"), os.path.join(tempfile.gettempdir(), "no stacks"))
    try:
        run(_loaded, target, args, kwargs, timeout=_SECONDS)
    except (ChildDied, ChildHung) as problem:
        return str(problem)
    return ""


def _loaded(target: object, args: object, kwargs: object) -> None:
    """Called in the child, when everything has been loaded."""
