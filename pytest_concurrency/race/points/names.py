"""Which names actors store while they run; a name that nobody stores cannot change.

Found by looking through the code of the modules that the actors come from. Attributes and globals
share one set of names, because a module's global is also its attribute. An object's own `__init__`
stores into an object that nobody else has yet, unless it has given `self` away before.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType

from pytest_concurrency.race.points.instructions import instructions_of
from pytest_concurrency.race.points.operands import CALLS, Source, called, instructions_with_stacks
from pytest_concurrency.race.points.scope import Scope

__all__ = ["Names"]

_STARTS = frozenset(("__init__", "__post_init__"))
_COMPREHENSIONS = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))
# Code that uses one of these can store any name.
_ANY_NAME = frozenset(("setattr", "delattr", "__dict__", "__setattr__", "vars", "globals"))
_STORES = ("STORE_ATTR", "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL")
_STORING = frozenset(dis.opmap[name] for name in _STORES)


class Names:
    """What the code seen so far stores.

    Attributes:
        version: Grows when something that was thought constant turns out not to be.
        any_name: Whether some code can store any name.
    """

    def __init__(self) -> None:
        self.version = 0
        self._stored: set[str] = set()
        self._set_at_start: set[str] = set()
        self.any_name = False
        self._seen: set[CodeType] = set()
        self._iterated: dict[CodeType, Source] = {}
        self._private_cells: dict[CodeType, frozenset[str]] = {}
        self._owners: dict[CodeType, CodeType] = {}

    def is_stored(self, name: str) -> bool:
        """Tells whether some actor may store this attribute, global or cell."""
        return name in self._stored or (self.any_name and name != "__class__")

    def is_constant(self, name: str) -> bool:
        """Tells whether an attribute is known to be stored by an object's own start only."""
        return name in self._set_at_start and not self.is_stored(name)

    def is_private_cell(self, code: CodeType, name: str) -> bool:
        """Tells whether only comprehensions use a cell; since 3.12 they are no functions."""
        return name in self._private_cells.get(code, frozenset())

    def owner_of(self, code: CodeType) -> CodeType:
        """Returns the function that code belongs to: of a comprehension, the one it stands in."""
        return self._owners.get(code, code)

    def iterated_by(self, code: CodeType) -> Source | None:
        """Returns what a comprehension iterates over."""
        return self._iterated.get(code)

    def learn(self, code: CodeType, namespace: Mapping[str, object], scope: Scope) -> None:
        """Looks through a code object, and through all code that its module holds.

        Args:
            code: Code that is about to run.
            namespace: The globals that it runs with.
            scope: Tells whose code it is.
        """
        if code in self._seen:
            return
        stored, anything = len(self._stored), self.any_name
        for each in (code, *_codes_of_module(namespace, scope)):
            if each not in self._seen:
                self._look_through(each)
        if (stored, anything) != (len(self._stored), self.any_name):
            self.version += 1

    def _look_through(self, code: CodeType) -> None:
        self._seen.add(code)
        nested = _nested_in(code)
        self._note_comprehensions_in(code, nested)
        self.any_name |= not _ANY_NAME.isdisjoint(code.co_names)
        private = code.co_varnames[0] if code.co_name in _STARTS and code.co_argcount else None
        if private is not None or nested:
            self._follow(code, private)
        elif not _STORING.isdisjoint(code.co_code[::2]):
            self._stored.update(
                each.argval for each in instructions_of(code) if each.opcode in _STORING
            )
        self._stored.update(_changing_cells(code, nested))
        for each in nested:
            if each not in self._seen:
                self._look_through(each)

    def _follow(self, code: CodeType, private: str | None) -> None:
        """Notes what code stores, and what it iterates over with a comprehension.

        Args:
            code: The code.
            private: The local variable in it with an object that nobody else has yet.
        """
        for instruction, stack in instructions_with_stacks(code):
            top = stack[-1] if stack else None
            name = instruction.opname
            if name in ("STORE_ATTR", "DELETE_ATTR"):
                if private is not None and top == Source("local", private):
                    self._set_at_start.add(instruction.argval)
                else:
                    self._stored.add(instruction.argval)
                if len(stack) > 1 and _is_local(stack[-2], private):
                    private = None
            elif name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                self._stored.add(instruction.argval)
            elif name.startswith(("CALL", "BUILD")) and any(
                _is_local(each, private) for each in stack
            ):
                private = None
            if name in CALLS:
                self._note_comprehension(name, instruction.arg, stack)
            if name.startswith("STORE_") and _is_local(top, private) and name != "STORE_ATTR":
                private = None

    def _note_comprehensions_in(self, code: CodeType, nested: Sequence[CodeType]) -> None:
        """Remembers what comprehensions have, which are no functions of their own since 3.12."""
        captured = _captured_by(nested)
        inherited = self._private_cells.get(code, frozenset())
        private = (frozenset(code.co_cellvars) | inherited) - captured
        self._private_cells[code] = private
        for each in nested:
            if each.co_name in _COMPREHENSIONS:
                self._private_cells[each] = private
                self._owners[each] = self.owner_of(code)

    def _note_comprehension(self, name: str, argument: int, stack: list[Source | None]) -> None:
        """Remembers what a comprehension, a function called where it is made, iterates over."""
        made = called(name, argument, stack)
        if made is not None and made.how == "function" and stack[-1] is not None:
            assert isinstance(made.value, CodeType)
            self._iterated[made.value] = stack[-1]


def _is_local(source: Source | None, name: str | None) -> bool:
    return name is not None and source == Source("local", name)


def _codes_of_module(namespace: Mapping[str, object], scope: Scope) -> Iterator[CodeType]:
    """Yields the code of the functions and methods that a module holds by name."""
    for value in list(namespace.values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            for attribute in ("__func__", "fget", "__wrapped__"):
                member = getattr(member, attribute, None) or member
            if isinstance(member, FunctionType) and member.__code__ in scope:
                yield member.__code__


def _nested_in(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _changing_cells(code: CodeType, nested: Sequence[CodeType]) -> Iterator[str]:
    """Yields the closure variables that change after a nested function may have seen them."""
    if not code.co_cellvars and not code.co_freevars:
        return
    captured = _captured_by(nested)
    stores: dict[str, int] = dict.fromkeys(
        code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], 1
    )
    loop_end = _loop_ends(code)
    for instruction in instructions_of(code):
        if instruction.opname not in ("STORE_DEREF", "DELETE_DEREF"):
            continue
        name = instruction.argval
        if name in code.co_freevars:
            yield name
        elif name in captured:
            again = any(start <= instruction.offset < end for start, end in loop_end)
            stores[name] = stores.get(name, 0) + 1 + again
            if stores[name] > 1:
                yield name


def _captured(code: CodeType) -> set[str]:
    """Returns what a nested function captures; a comprehension is no function since 3.12."""
    if code.co_name not in _COMPREHENSIONS:
        return set(code.co_freevars)
    return _captured_by(_nested_in(code))


def _captured_by(nested: Iterable[CodeType]) -> set[str]:
    return {name for code in nested for name in _captured(code)}


def _loop_ends(code: CodeType) -> list[tuple[int, int]]:
    """Returns the first and last offset of every loop, from its jump backwards."""
    return [
        (instruction.argval, instruction.offset)
        for instruction in instructions_of(code)
        if "JUMP" in instruction.opname and instruction.argval < instruction.offset
    ]
