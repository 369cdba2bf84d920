"""Explain a pickling error wherever it is raised: a note on the exception.

`multiprocessing` pickles in two functions, whoever asks for it: they are wrapped. A plain
`pickle.dumps` cannot be; the line of the test that called it is read when the test has failed.
"""

from __future__ import annotations

import pickle
import re
import sys
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from pytest_concurrency.errors import add_note
from pytest_concurrency.on_import import ImportWatch
from pytest_concurrency.patches import Patches

if TYPE_CHECKING:
    from pytest_concurrency.pickling.diagnosis import Culprit

_TITLE = "why it cannot be pickled:"
# What pickle says when it refuses, beside PicklingError (catalogue.md section 5, every version).
_REFUSAL = re.compile(r"[Cc]an(no|')t (pickle|get local object)|cannot be pickled|pickled objects")


class PicklingNotes:
    """Adds the explanation to every pickling error of `multiprocessing`, where it is raised."""

    def __init__(self) -> None:
        self._patches = Patches()

    def on_reduction_module(self, reduction: ModuleType) -> None:
        """Called when `multiprocessing.reduction` is loaded."""
        dump, dumps = reduction.dump, reduction.ForkingPickler.dumps

        def explained_dump(obj: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            try:
                return dump(obj, *args, **kwargs)
            except Exception as error:
                _explain(error, obj)
                raise

        def explained_dumps(cls: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            try:
                return dumps.__func__(cls, obj, *args, **kwargs)
            except Exception as error:
                _explain(error, obj)
                raise

        self._patches.replace(reduction, "dump", explained_dump)
        self._patches.replace(reduction.ForkingPickler, "dumps", classmethod(explained_dumps))

    def undo(self) -> None:
        """Explain no more."""
        self._patches.undo()


def explain_in_child(_: str) -> None:
    """Explain the pickling errors of this child, for as long as it lives."""
    ImportWatch({"multiprocessing.reduction": PicklingNotes().on_reduction_module}).install()


def annotate(error: BaseException) -> None:
    """Explain the error of a plain `pickle.dumps` or `pickle.dump` in a test.

    Args:
        error: any exception of a test; one that has nothing to do with pickling is left alone.
    """
    if not isinstance(error, pickle.PicklingError) and not _REFUSAL.search(str(error)):
        return
    if any(str(note).startswith(_TITLE) for note in getattr(error, "__notes__", [])):
        return
    for frame, line in _calls(error):
        found = _argument_of_dumps(frame, line)
        if found is not None:
            name, thing = found
            _add(error, _of(thing, name))
            return


def annotate_feeder_error(error: BaseException, item: object) -> None:
    """Explain why the feeder thread of a queue failed.

    Args:
        error: what it raised.
        item: what was put into the queue.
    """
    _add(error, _culprits(item))
    add_note(
        error,
        "Queue.put(item) had returned already: a feeder thread pickles what is put, later, "
        "and this item was dropped",
    )


def _explain(error: BaseException, thing: object) -> None:
    _add(error, _culprits(thing))


def _add(error: BaseException, culprits: tuple[Culprit, ...]) -> None:
    if culprits:
        add_note(error, "\n".join([_TITLE, *(f"  {culprit}" for culprit in culprits)]))


def _calls(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames of a traceback and the lines they were at, innermost first."""
    calls: list[tuple[FrameType, int]] = []
    entry = error.__traceback__
    while entry is not None:
        calls.insert(0, (entry.tb_frame, entry.tb_lineno))
        entry = entry.tb_next
    return calls


def _argument_of_dumps(frame: FrameType, line: int) -> tuple[str, object] | None:
    """The name and the value of what a line gives to pickle, if it is a name."""
    from pytest_concurrency.pickling.caller import argument_at

    for function in ("dumps", "dump"):
        name = argument_at(frame.f_code.co_filename, line, function)
        if name:
            first, *attributes = name.split(".")
            names = {**frame.f_globals, **frame.f_locals}
            if first in names:
                thing = names[first]
                for attribute in attributes:
                    thing = getattr(thing, attribute, None)
                return name, thing
    return None


def _culprits(thing: Any) -> tuple[Culprit, ...]:
    """Explain what was being sent, in the words of whoever sent it."""
    from pytest_concurrency.pickling.starting import explain_start

    process = sys.modules.get("multiprocessing.process")
    if process is not None and isinstance(thing, process.BaseProcess):
        return explain_start(thing._target, thing._args, thing._kwargs) or _of(thing, "process")
    if type(thing).__name__ == "_CallItem":  # of concurrent.futures
        return _of(thing.fn, "fn") + _of(thing.args, "args") + _of(thing.kwargs, "kwargs")
    if _is_pool_task(thing):
        return _of_pool_task(*thing[2:])
    return _of(thing, "item")


def _of(thing: object, name: str) -> tuple[Culprit, ...]:
    from pytest_concurrency.pickling.diagnosis import examine
    from pytest_concurrency.pickling.transport import Transport

    return examine(thing, name, Transport(sending=True)).culprits


def _is_pool_task(thing: object) -> bool:
    """Is it what `Pool` sends to its workers: (job, index, function, args, kwargs)?"""
    return (
        isinstance(thing, tuple)
        and len(thing) == 5
        and callable(thing[2])
        and isinstance(thing[3], tuple)
        and isinstance(thing[4], dict)
    )


def _of_pool_task(function: Any, args: Any, kwargs: Any) -> tuple[Culprit, ...]:
    if getattr(function, "__name__", "") in ("mapstar", "starmapstar"):
        mapped, chunk = args[0]
        return _of(mapped, "func") + _of(chunk, "iterable")
    if type(function).__name__ == "_helper_reraises_exception" or function is None:
        return ()
    return _of(function, "func") + _of(args, "args") + _of(kwargs, "kwds")
