"""The child's side of `run_in_process`: run the function, and write down how it went.

Everything goes into files of a folder that the parent made: they outlive the child however it ends,
need no file descriptor to be inherited, and can be of any size. Standard library only, so that a
spawned child starts fast.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import pickle
import sys
import traceback
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Literal, TypedDict


class Outcome(TypedDict, total=False):
    """How the function ended; plain data only.

    Keys:
        kind: returned, raised, exited (`SystemExit`) or unpicklable (the result was).
        pickle: the result or the exception, pickled; missing when that failed.
        type: the qualified name of the exception's class.
        text: `str()` of the exception.
        notes: its notes.
        traceback: its traceback, and those of its causes, as text.
        problem: why the result or the exception cannot be sent.
        code: what `sys.exit` was called with.
    """

    kind: Literal["returned", "raised", "exited", "unpicklable"]
    pickle: bytes
    type: str
    text: str
    notes: list[str]
    traceback: str
    problem: str
    code: int


class Folder:
    """The files of one child."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.stdout = self.path / "stdout"
        self.stderr = self.path / "stderr"
        self.started = self.path / "started"
        self.crash = self.path / "crash"
        self.outcome = self.path / "outcome"


class Worker:
    """What a child process does in place of `Process.run`; sent to it with the Process object.

    Args:
        folder: where to write.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._has_arrived = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (self._folder,)

    def arrive(self) -> None:
        """Make the process ours: its group, and where its output goes."""
        if self._has_arrived:
            return
        self._has_arrived = True
        if hasattr(os, "setpgid"):
            os.setpgid(0, 0)  # so that the parent can end our own children with us
        folder = Folder(self._folder)
        _redirect(1, folder.stdout)
        _redirect(2, folder.stderr)

    def __call__(self) -> None:
        """Run the target of this very process."""
        process: Any = multiprocessing.current_process()
        folder = Folder(self._folder)
        self.arrive()
        with folder.crash.open("wb", buffering=0) as crash:
            faulthandler.enable(file=crash)
            folder.started.touch()
            outcome = _run(process._target, process._args, process._kwargs)
            faulthandler.disable()
        unfinished = folder.outcome.with_suffix(".part")
        unfinished.write_bytes(pickle.dumps(outcome))
        unfinished.rename(folder.outcome)
        if outcome["kind"] == "exited":
            sys.exit(outcome["code"])


def _arrive(folder: str) -> Worker:
    """Unpickle a worker; what goes wrong while the target is unpickled after it will be seen."""
    worker = Worker(folder)
    worker.arrive()
    return worker


def _run(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
    try:
        result = function(*args, **kwargs)
    except BaseException as exception:
        return describe_exception(exception)
    try:
        return {"kind": "returned", "pickle": bytes(ForkingPickler.dumps(result))}
    except Exception:
        return {"kind": "unpicklable", "problem": _explain(result, "result")}


def describe_exception(exception: BaseException) -> Outcome:
    """Say what was raised, in a form that can be sent."""
    if isinstance(exception, SystemExit):
        code = exception.code
        number = code if isinstance(code, int) else int(code is not None)
        return {"kind": "exited", "code": number, "traceback": _traceback(exception)}
    outcome: Outcome = {
        "kind": "raised",
        "type": f"{type(exception).__module__}.{type(exception).__qualname__}",
        "text": _text(exception),
        "notes": [str(note) for note in getattr(exception, "__notes__", [])],
        "traceback": _traceback(exception),
    }
    try:
        pickled = bytes(ForkingPickler.dumps(exception))
        pickle.loads(pickled)  # many exceptions pickle and do not unpickle
        outcome["pickle"] = pickled
    except Exception:
        outcome["problem"] = _explain(exception, "exception")
    return outcome


def _explain(thing: object, name: str) -> str:
    from pytest_concurrency.pickling.diagnosis import explain_pickle

    return str(explain_pickle(thing, name=name))


def _text(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception as problem:
        return f"<str() of it raised {type(problem).__name__}>"


def _traceback(exception: BaseException) -> str:
    """The traceback without our own frames."""
    entry = exception.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename == __file__:
        entry = entry.tb_next
    text = traceback.format_exception(type(exception), exception, entry)
    return "".join(text).rstrip("\n")


def _redirect(descriptor: int, path: Path) -> None:
    """Send everything written to a descriptor, by us and by our children, into a file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, descriptor)
    os.close(file)
    stream = open(descriptor, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    setattr(sys, {1: "stdout", 2: "stderr"}[descriptor], stream)
