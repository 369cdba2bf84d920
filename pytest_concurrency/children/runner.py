"""`run_in_process`: call a function in a child process, and get back whatever came of it."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeVar, cast

from pytest_concurrency.children import worker
from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.children.processes import descendants, end, members
from pytest_concurrency.children.stacks import readable, stacks_of
from pytest_concurrency.errors import ChildDied, ChildHung, ChildTraceback, NotPicklable, message

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
START_TIMEOUT = 60.0
_TAIL = 2000


class RunInProcess:
    """Calls functions in child processes of one start method.

    Args:
        context: the `multiprocessing` context.
        stacks: the folder in which children put their stacks when asked.
    """

    def __init__(self, context: BaseContext, stacks: str) -> None:
        self._context = context
        self._stacks = stacks

    def __call__(
        self,
        function: Callable[..., T],
        /,
        *args: Any,
        timeout: float = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> T:
        """Call a function in a child process of its own.

        Args:
            function: what to call; under spawn and forkserver it must be picklable.
            *args: its arguments.
            timeout: how long the function may take, in seconds.
            **kwargs: its keyword arguments.

        Returns:
            What the function returned.

        Raises:
            ChildDied: the child ended before the function returned.
            ChildHung: it did not end in time; it has been killed, with its own children.
            NotPicklable: the result, or the exception, cannot be sent back.
            BaseException: what the function raised, caused by a `ChildTraceback`.
        """
        __tracebackhide__ = True
        timeout = valid_timeout(timeout)
        if not callable(function):
            raise TypeError(
                message(
                    f"run_in_process needs a function to call, and got {function!r}",
                    cause="was the function called instead of passed?"
                    if not isinstance(function, str)
                    else "",
                    next_step="write run_in_process(function, argument), without calling it",
                )
            )
        name = getattr(function, "__qualname__", repr(function))
        with _child(self._context, function, args, kwargs) as (process, folder):
            ended = _wait(process, folder, timeout)
            stacks = "" if ended else stacks_of(cast(int, process.pid), self._stacks)
            if not ended or not folder.outcome.exists():
                _kill_group(process)
            _replay_output(folder)
            if not ended:
                raise ChildHung(_hung(name, process, timeout, stacks, folder), timeout=timeout)
            return cast(T, _result(name, process.exitcode or 0, folder))


@contextlib.contextmanager
def _child(
    context: BaseContext, function: Any, args: Any, kwargs: Any
) -> Iterator[tuple[multiprocessing.Process, worker.Folder]]:
    """Start a child; when the block is left, for whatever reason, it is gone, and its files too."""
    folder = tempfile.mkdtemp(prefix="pytest-concurrency-")
    process: Any = cast(Any, context).Process(target=function, args=args, kwargs=kwargs)
    # First, because a spawned child unpickles it first.
    process.__dict__ = {"run": worker.Worker(folder), **vars(process)}
    try:
        process.start()
        yield process, worker.Folder(folder)
    finally:
        if process.pid is not None:
            if process.is_alive():
                _kill_group(process)
            process.join(5)
            process.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: multiprocessing.Process, folder: worker.Folder, timeout: float) -> bool:
    """Wait until a child has ended; say whether it did in time.

    The time counts from when the function is called: on a busy machine a spawned child may need
    seconds until then, which is no fault of the function.
    """
    started = False
    deadline = time.monotonic() + START_TIMEOUT
    while process.is_alive():
        if not started and folder.started.exists():
            started = True
            deadline = time.monotonic() + timeout
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        # The sentinel stays silent while a grandchild that was forked holds a copy of it.
        wait([process.sentinel], min(left, 0.05))
    return True


def _kill_group(process: multiprocessing.Process) -> None:
    """Kill a child and all that it started: those below it, and the orphans of its group."""
    pid = cast(int, process.pid)
    below = [*descendants(pid), *members(pid)]
    with contextlib.suppress(OSError):
        process.kill()
    end(below)


def _result(name: str, exitcode: int, folder: worker.Folder) -> object:
    __tracebackhide__ = True
    if not folder.outcome.exists():
        raise _died(name, exitcode, folder, "before it returned")
    outcome: worker.Outcome = pickle.loads(folder.outcome.read_bytes())
    kind = outcome["kind"]
    if kind == "exited":
        raise _died(name, outcome["code"], folder, "by sys.exit()", outcome["traceback"])
    if exitcode != 0:
        raise _died(name, exitcode, folder, f"after it {kind}, while it was ending")
    if kind == "raised":
        raise rebuilt_exception(name, outcome) from ChildTraceback(outcome["traceback"])
    if kind == "unpicklable":
        raise NotPicklable(
            message(
                f"{name}() returned, but its result cannot be sent back to the parent process",
                evidence=outcome["problem"],
                next_step="return plain data, or what the parent can rebuild the object from",
            )
        )
    try:
        return pickle.loads(outcome["pickle"])
    except Exception as problem:
        raise NotPicklable(
            message(
                f"{name}() returned, and its result was sent, but it cannot be loaded here",
                evidence=f"{type(problem).__name__}: {problem}",
                cause="does its class's __init__ or __setstate__ need more than the pickle holds?",
            )
        ) from problem


def rebuilt_exception(name: str, outcome: worker.Outcome) -> BaseException:
    """Rebuild the child's exception, or make one that tells of it.

    Args:
        name: of the function that raised it.
        outcome: what the child said of it.
    """
    if outcome["type"] == "builtins.KeyboardInterrupt":
        return ChildDied(f"{name}() was interrupted in the child process (KeyboardInterrupt)")
    if "pickle" not in outcome:
        return NotPicklable(
            message(
                f"{name}() raised {outcome['type']}: {outcome['text']}",
                evidence="the exception itself cannot be sent to another process:\n"
                + outcome["problem"],
            )
        )
    exception: BaseException = pickle.loads(outcome["pickle"])
    kept = getattr(exception, "__notes__", [])
    missing = [note for note in outcome["notes"] if note not in kept]
    if missing:
        exception.__dict__["__notes__"] = [*kept, *missing]
    return exception


def _died(
    name: str, exitcode: int, folder: worker.Folder, when: str, traceback: str = ""
) -> ChildDied:
    evidence = [traceback] if traceback else []
    crash = folder.crash.read_text(errors="replace") if folder.crash.exists() else ""
    if crash:
        evidence.append("what faulthandler printed:\n" + readable(crash))
    stderr = folder.stderr.read_text(errors="replace") if folder.stderr.exists() else ""
    if stderr:
        evidence.append("the end of its standard error:\n" + stderr[-_TAIL:])
    return ChildDied(
        message(
            f"the child process of {name}() ended {when}: {describe_exit(exitcode)}",
            evidence="\n".join(evidence),
        ),
        exitcode=exitcode,
        stderr=stderr,
    )


def _hung(
    name: str,
    process: multiprocessing.Process,
    timeout: float,
    stacks: str,
    folder: worker.Folder,
) -> str:
    returned = folder.outcome.exists()
    if returned:
        what = f"returned, but did not end within {timeout:g} s"
    elif folder.started.exists():
        what = f"did not return within {timeout:g} s"
    else:
        what = f"did not come to call it within {START_TIMEOUT:g} s"
    return message(
        f"the child process of {name}() {what} and was killed",
        evidence=stacks,
        cause="does it wait for a thread or a child of its own that never ends?"
        if returned
        else "does the innermost call wait for something that nobody will do?",
        next_step="give more time with run_in_process(..., timeout=SECONDS), or look at that line",
    )


def _replay_output(folder: worker.Folder) -> None:
    """Write what the child wrote as if we had: pytest captures it, and shows it on failure."""
    for path, stream in ((folder.stdout, sys.stdout), (folder.stderr, sys.stderr)):
        if path.exists() and path.stat().st_size:
            stream.write(_read(path))
            stream.flush()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="backslashreplace")


def valid_timeout(timeout: object) -> float:
    """Check a timeout.

    Args:
        timeout: what was given, in seconds.

    Returns:
        It, as a float.

    Raises:
        TypeError: when it is no number.
        ValueError: when it is not positive, or no bound at all.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {timeout!r}")
    if not (timeout > 0 and math.isfinite(timeout)):
        raise ValueError(
            f"timeout must be more than 0 seconds and finite, not {timeout!r}: "
            "a child is never waited for without a bound"
        )
    return float(timeout)
