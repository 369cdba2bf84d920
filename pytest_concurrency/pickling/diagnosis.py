"""`explain_pickle`: can an object be pickled, what does it cost, and which parts are in the way?"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_concurrency.pickling.reasons import Reason, main_is_lost, reason_of_loading
from pytest_concurrency.pickling.transport import Transport
from pytest_concurrency.pickling.walk import Found, Path, Walk

_LISTED = 20
_LARGEST = 5
_LONGEST_PATH = 200
_TRIED = 2000


@dataclass(frozen=True)
class Culprit:
    """A part of an object that cannot cross to another process.

    Attributes:
        path: an expression that evaluates to the part.
        what: what it is.
        reason: why that cannot be pickled.
        remedy: what people do instead.
    """

    path: str
    what: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{_shortened(self.path)} is {self.what}; {self.reason}: {self.remedy}"


@dataclass(frozen=True)
class PickleReport:
    """What pickling an object comes to.

    Attributes:
        name: what the object is called in paths.
        size: the bytes that travel; 0 if it cannot be pickled.
        culprits: the parts that cannot cross, in the order in which pickle meets them.
        sizes: the largest parts: path and bytes.
    """

    name: str
    size: int
    culprits: tuple[Culprit, ...]
    sizes: tuple[tuple[str, int], ...] = field(default=())

    @property
    def picklable(self) -> bool:
        """Can it cross?"""
        return not self.culprits

    def __str__(self) -> str:
        if self.culprits:
            lines = [str(culprit) for culprit in self.culprits[:_LISTED]]
            more = len(self.culprits) - _LISTED
            return "\n".join([*lines, f"and {more} more"] if more > 0 else lines)
        lines = [f"{self.name} can be pickled: {self.size:,} bytes"]
        lines += [f"  {size:>12,}  {_shortened(path)}" for path, size in self.sizes]
        return "\n".join(lines)


def explain_pickle(obj: object, *, name: str = "obj", protocol: int | None = None) -> PickleReport:
    """Say whether an object can cross to another process, what that costs, and what is in the way.

    Args:
        obj: the object.
        name: what to call it in paths, so that they can be pasted into a debugger.
        protocol: the pickle protocol; the default of this Python if None.

    Returns:
        A report; `str()` of it is the explanation.
    """
    return examine(obj, name, Transport(protocol))


def examine(thing: object, name: str, transport: Transport) -> PickleReport:
    """Make the report of an object that goes a certain way.

    Args:
        thing: the object.
        name: what to call it in paths.
        transport: how it is pickled.
    """
    try:
        data = transport.dump(thing)
    except Exception as error:
        walk = Walk(transport).through(thing, name)
        return PickleReport(name, 0, _culprits(walk.found) or (_unknown(walk, name, error),))
    if b"__main__" in data and main_is_lost():
        found = Walk(transport).through(thing, name).found
        if found:
            return PickleReport(name, 0, _culprits(found))
    try:
        transport.load(data)
    except Exception as error:
        walk = Walk(transport).through(thing, name)
        return PickleReport(name, 0, (_unloadable(walk, transport, error),))
    return PickleReport(name, len(data), (), _largest(thing, name, transport))


def _culprits(found: list[Found]) -> tuple[Culprit, ...]:
    return tuple(_culprit(str(part.path), part.reason) for part in found)


def _culprit(path: str, reason: Reason) -> Culprit:
    return Culprit(path, reason.what, reason.why, reason.remedy)


def _unknown(walk: Walk, name: str, error: Exception) -> Culprit:
    """What to say when pickling fails, and no part of the object is the reason."""
    if isinstance(error, RecursionError):
        return Culprit(
            name,
            f"nested {walk.depth:,} levels deep",
            "pickle calls itself for each level, and Python bounds how deep calls go",
            "send it flat, for example as a list of nodes that name each other by index",
        )
    return Culprit(
        name,
        f"of class {type(error).__module__}.{type(error).__qualname__}",
        f"pickling it raised {type(error).__name__}",
        "pickle its parts one by one to find the one that is in the way",
    )


def _unloadable(walk: Walk, transport: Transport, error: Exception) -> Culprit:
    """The innermost part that pickles but does not load."""
    for path, part in reversed(walk.parts[:_TRIED]):
        try:
            transport.load(transport.dump(part))
        except Exception as own:
            return _culprit(str(path), reason_of_loading(type(part), own))
    path, root = walk.parts[0]
    return _culprit(str(path), reason_of_loading(type(root), error))


def _largest(thing: object, name: str, transport: Transport) -> tuple[tuple[str, int], ...]:
    """The largest direct parts of an object."""
    sizes = [
        (str(path), len(transport.dump(part))) for path, part in parts_of(thing, name, transport)
    ]
    sizes.sort(key=lambda entry: -entry[1])
    return tuple(sizes[:_LARGEST])


def parts_of(thing: object, name: str, transport: Transport) -> list[tuple[Path, object]]:
    """The direct parts of an object, each with its path."""
    return list(Walk(transport).parts_of(Path(name), thing))


def _shortened(path: str) -> str:
    if len(path) <= _LONGEST_PATH:
        return path
    half = _LONGEST_PATH // 2
    return f"{path[:half]} ... {path[-half:]}"
