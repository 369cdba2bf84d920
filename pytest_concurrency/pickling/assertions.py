"""Assertions on what may cross to another process."""

from __future__ import annotations

import pickle
import re
from typing import TypeVar

from pytest_concurrency.errors import NotPicklable, message
from pytest_concurrency.pickling.caller import name_of_argument
from pytest_concurrency.pickling.diagnosis import PickleReport, examine, explain_pickle
from pytest_concurrency.pickling.likeness import first_difference
from pytest_concurrency.pickling.transport import Transport

T = TypeVar("T")


def assert_picklable(
    obj: T, *, protocol: int | None = None, max_bytes: int | None = None, equal: bool = True
) -> T:
    """Assert that an object can cross to another process, and return what arrives there.

    Args:
        obj: the object.
        protocol: the pickle protocol; the default of this Python if None.
        max_bytes: how much it may cost to send, in bytes.
        equal: whether what arrives must be like what was sent.

    Returns:
        The object made from the pickle.

    Raises:
        NotPicklable: naming the path to every part that is in the way, why, and the usual remedy.
        ValueError: for a protocol or a size that does not exist.
    """
    __tracebackhide__ = True
    transport = Transport(_valid_protocol(protocol))
    _check_size(max_bytes)
    name = name_of_argument(assert_picklable.__name__)
    report = examine(obj, name, transport)
    if not report.picklable:
        raise NotPicklable(_text(report))
    if max_bytes is not None and report.size > max_bytes:
        raise NotPicklable(
            message(
                f"{name} costs {report.size:,} bytes to send, more than the {max_bytes:,} allowed",
                evidence=str(report),
                cause="does it hold more than the other process needs?",
                next_step="send a path, an index or shared memory in place of the largest part",
            )
        )
    restored: T = transport.load(transport.dump(obj))
    difference = first_difference(obj, restored, name) if equal else None
    if difference is not None:
        raise NotPicklable(
            message(
                f"{name} does not arrive as it was sent",
                evidence=difference,
                cause="does __reduce__, __getstate__ or __setstate__ leave something out?",
                next_step="pass equal=False if that is meant",
            )
        )
    return restored


def assert_not_picklable(obj: object, match: str = "") -> PickleReport:
    """Assert that an object cannot cross to another process.

    Args:
        obj: the object.
        match: a regular expression that the explanation must contain.

    Returns:
        The explanation.

    Raises:
        AssertionError: when it can be pickled, or for another reason.
    """
    __tracebackhide__ = True
    report = explain_pickle(obj, name=name_of_argument(assert_not_picklable.__name__))
    if report.picklable:
        raise AssertionError(str(report))
    if not re.search(match, str(report)):
        raise AssertionError(
            message(
                f"{report.name} cannot be pickled, but for another reason", evidence=str(report)
            )
            + f"\nexpected: {match!r}"
        )
    return report


def assert_exception_picklable(exc: BaseException) -> None:
    """Assert that an exception arrives whole: its class, its text, its args and its notes.

    An exception that pickles but cannot be loaded makes a Pool hang for ever, and breaks an
    executor.

    Args:
        exc: the exception.

    Raises:
        NotPicklable: naming what is in the way or gets lost.
        TypeError: when it is no exception.
    """
    __tracebackhide__ = True
    if not isinstance(exc, BaseException):
        raise TypeError(f"assert_exception_picklable needs an exception, not {exc!r}")
    report = explain_pickle(exc, name=name_of_argument(assert_exception_picklable.__name__))
    if not report.picklable:
        raise NotPicklable(_text(report))
    transport = Transport()
    restored = transport.load(transport.dump(exc))
    lost = [
        f"{what}: sent {_aspect(exc, what)}, arrives {_aspect(restored, what)}"
        for what in ("class", "text", "args", "notes")
        if _aspect(exc, what) != _aspect(restored, what)
    ]
    if lost:
        raise NotPicklable(
            message(
                f"{type(exc).__qualname__} does not arrive as it was raised",
                evidence="\n".join(lost),
                cause="does __init__ change its arguments before it calls super().__init__?",
                next_step="call super().__init__ with the arguments as given, and override __str__",
            )
        )


def _aspect(exception: BaseException, what: str) -> str:
    """One aspect of an exception, as text that can be compared."""
    if what == "class":
        return type(exception).__qualname__
    if what == "text":
        return str(exception)
    if what == "args":
        return repr(exception.args)
    return repr(getattr(exception, "__notes__", []))


def _text(report: PickleReport) -> str:
    count = len(report.culprits)
    parts = "1 part" if count == 1 else f"{count} parts"
    return message(
        f"{report.name} cannot cross to another process: {parts} of it cannot be pickled",
        evidence=str(report),
    )


def _valid_protocol(protocol: object) -> int | None:
    if protocol is None:
        return None
    if isinstance(protocol, bool) or not isinstance(protocol, int):
        raise TypeError(f"protocol must be a whole number, not {protocol!r}")
    if not 0 <= protocol <= pickle.HIGHEST_PROTOCOL:
        raise ValueError(
            f"protocol {protocol} does not exist; this Python has 0 to {pickle.HIGHEST_PROTOCOL}"
        )
    return protocol


def _check_size(max_bytes: object) -> None:
    if max_bytes is None:
        return
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int):
        raise TypeError(f"max_bytes must be a whole number of bytes, not {max_bytes!r}")
    if max_bytes <= 0:
        raise ValueError(f"max_bytes must be more than 0, not {max_bytes}")
