"""Walk through an object as pickle does, and find every part that cannot be pickled.

pickle stops at the first; and it recurses, where this walk has a stack of its own: an object can be
nested more deeply than Python can recurse.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_concurrency.pickling.reasons import (
    Reason,
    reason_of_class,
    reason_of_function,
    reason_of_instance,
)
from pytest_concurrency.pickling.transport import Transport

_ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    type(...),
    type(NotImplemented),
)


@dataclass(frozen=True)
class Path:
    """How to reach a part from the root; prints as an expression that evaluates to it.

    Attributes:
        before: what stands before the parent's expression: ``list(`` for the member of a set.
        after: what stands after it: ``.name``, ``[3]``, ``)[3]``.
        parent: the path of the whole it is a part of; None for the root, whose name is `after`.
        depth: how many steps from the root.
    """

    after: str
    before: str = ""
    parent: Path | None = None
    depth: int = 0

    def step(self, after: str, before: str = "") -> Path:
        """The path of a part."""
        return Path(after, before, self, self.depth + 1)

    def __str__(self) -> str:
        steps: list[Path] = []
        path: Path | None = self
        while path is not None:
            steps.append(path)
            path = path.parent
        befores = [step.before for step in steps]
        afters = [step.after for step in reversed(steps)]
        return "".join(befores + afters)


@dataclass(frozen=True)
class Found:
    """A part that cannot be pickled."""

    path: Path
    thing: object
    reason: Reason


Part = tuple[Path, object]


class Walk:
    """One walk through one object.

    Args:
        transport: how it would be pickled.

    Attributes:
        found: the parts that cannot be pickled, in the order in which pickle would meet them.
        parts: every part with its path, wholes before their parts.
        depth: how deeply the object is nested.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.found: list[Found] = []
        self.parts: list[Part] = []
        self.depth = 0

    def through(self, root: object, name: str) -> Walk:
        """Walk through an object.

        Args:
            root: the object.
            name: what it is called in paths.
        """
        waiting: list[Part] = [(Path(name), root)]
        seen: dict[int, object] = {}  # keeps the parts alive: an id may be used again otherwise
        while waiting:
            path, thing = waiting.pop()
            if type(thing) in _ATOMS:
                continue
            if id(thing) in seen and not isinstance(thing, types.FunctionType):
                continue
            seen[id(thing)] = thing
            self.depth = max(self.depth, path.depth)
            self.parts.append((path, thing))
            known = len(self.found)
            parts = list(self.parts_of(path, thing))
            if len(self.found) > known:
                seen.pop(id(thing))  # a culprit is named wherever it stands
                seen[id(path)] = path
            waiting.extend(reversed(parts))
        return self

    def _culprit(self, path: Path, thing: object, reason: Reason | None) -> None:
        if reason is not None:
            self.found.append(Found(path, thing, reason))

    def parts_of(self, path: Path, thing: Any) -> Iterator[Part]:
        """The direct parts of one part; notes it if it cannot be pickled itself."""
        kind = type(thing)
        reducer = self._transport.reducer(kind)
        if kind in (list, tuple):
            yield from _items(path, thing)
        elif kind is dict:
            yield from _entries(path, thing.items())
        elif kind in (set, frozenset):
            yield from _members(path, thing)
        elif kind is types.FunctionType:
            self._culprit(path, thing, reason_of_function(thing))
        elif kind is types.MethodType:
            yield path.step(".__self__"), thing.__self__
        elif kind is functools.partial:
            yield path.step(".func"), thing.func
            yield from _items(path.step(".args"), thing.args)
            yield from _entries(path.step(".keywords"), thing.keywords.items())
        elif isinstance(thing, type) and reducer is None:
            self._culprit(path, thing, reason_of_class(thing))
        else:
            yield from self._reduced(path, thing, reducer)

    def _reduced(
        self, path: Path, thing: Any, reducer: Callable[[Any], Any] | None
    ) -> Iterator[Part]:
        """The parts of an object that tells pickle itself how it is made."""
        try:
            if reducer is not None:
                made = reducer(thing)
            else:
                made = thing.__reduce_ex__(self._transport.protocol)
        except Exception as error:
            self._culprit(path, thing, reason_of_instance(type(thing), error))
            return
        if isinstance(made, str):
            return
        how = f".__reduce_ex__({self._transport.protocol})"
        made = (*made, *[None] * (6 - len(made)))
        function, arguments, state, items, entries = made[:5]
        if isinstance(function, types.FunctionType) and function.__module__ != "copyreg":
            self._culprit(path.step(how + "[0]"), function, reason_of_function(function))
        yield from self._arguments(path, thing, arguments, how)
        yield from _state(path, thing, state, how)
        if items is not None:
            plain = hasattr(type(thing), "__getitem__")
            for index, item in enumerate(items):
                yield (
                    (path.step(f"[{index}]") if plain else path.step(f")[{index}]", "list(")),
                    item,
                )
        if entries is not None:
            yield from _entries(path, entries)

    def _arguments(self, path: Path, thing: Any, arguments: Any, how: str) -> Iterator[Part]:
        for index, argument in enumerate(arguments):
            step = path.step(f"{how}[1][{index}]")
            if argument is type(thing):
                reason = reason_of_class(argument)
                if reason is not None:
                    what = reason.what.replace("the class", "an instance of the class", 1)
                    reason = Reason(what, reason.why, reason.remedy)
                self._culprit(path, thing, reason)
            elif isinstance(thing, BaseException):
                if index < len(thing.args) and thing.args[index] is argument:
                    step = path.step(f".args[{index}]")
                yield step, argument
            elif (
                isinstance(thing, tuple)
                and len(thing) >= index > 0
                and thing[index - 1] is argument
            ):
                yield path.step(f"[{index - 1}]"), argument
            elif argument is getattr(thing, "default_factory", _NOTHING):
                yield path.step(".default_factory"), argument
            else:
                yield step, argument


_NOTHING = object()


def _items(path: Path, things: Any) -> Iterator[Part]:
    return ((path.step(f"[{index}]"), thing) for index, thing in enumerate(things))


def _members(path: Path, things: Any) -> Iterator[Part]:
    return ((path.step(f")[{index}]", "list("), thing) for index, thing in enumerate(things))


def _entries(path: Path, entries: Any) -> Iterator[Part]:
    for index, (key, value) in enumerate(entries):
        yield path.step(f")[{index}]", "list("), key
        if _is_literal(key):
            yield path.step(f"[{key!r}]"), value
        else:
            yield path.step(f".values())[{index}]", "list("), value


def _state(path: Path, thing: Any, state: Any, how: str) -> Iterator[Part]:
    """The parts of what an object says is its state."""
    attributes = getattr(thing, "__dict__", {})
    how = ".__getstate__()" if _has_own_getstate(thing) else how + "[2]"
    if isinstance(state, dict):
        for name, value in state.items():
            yield _attribute(path, thing, attributes, name, value, f"{how}[{name!r}]"), value
    elif isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        if isinstance(state[0], dict):
            for name, value in state[0].items():
                step = _attribute(path, thing, attributes, name, value, f"{how}[0][{name!r}]")
                yield step, value
        elif state[0] is not None:
            yield path.step(f"{how}[0]"), state[0]
        for name, value in state[1].items():  # __slots__
            found = getattr(thing, str(name), _NOTHING) is value
            yield path.step(f".{name}" if found else f"{how}[1][{name!r}]"), value
    elif state is not None:
        yield path.step(how), state


def _attribute(
    path: Path, thing: Any, attributes: Any, name: Any, value: object, otherwise: str
) -> Path:
    if not isinstance(name, str) or attributes.get(name, _NOTHING) is not value:
        return path.step(otherwise)
    shadowed = isinstance(getattr(type(thing), name, None), property)
    if name.isidentifier() and not shadowed:
        return path.step(f".{name}")
    return path.step(f".__dict__[{name!r}]")


def _has_own_getstate(thing: Any) -> bool:
    method = getattr(type(thing), "__getstate__", None)
    return method is not None and method is not getattr(object, "__getstate__", None)


def _is_literal(key: object) -> bool:
    if isinstance(key, tuple) and type(key) is tuple:
        return all(map(_is_literal, key))
    return type(key) in (str, int, bytes, bool, type(None)) or (
        type(key) is float and key == key and abs(key) != float("inf")
    )
