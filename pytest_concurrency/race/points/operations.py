"""The visible operations of a code object, the same for one source on every Python.

An operation is visible when another actor could observe it. Reading a name that nobody stores while
actors run cannot be observed, so such reads are left out (`names`); a method that is looked up to
be called at once counts as one operation with the call.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from types import CodeType, FunctionType, ModuleType

from pytest_concurrency.race.points.instructions import Instruction
from pytest_concurrency.race.points.lines import first_lines
from pytest_concurrency.race.points.names import Names
from pytest_concurrency.race.points.operands import (
    CALLS,
    ITERATOR_DEPTH,
    Source,
    Stack,
    called,
    instructions_with_stacks,
)
from pytest_concurrency.race.points.scope import Scope

__all__ = ["WRITES", "Operation", "find_operations"]

WRITES = frozenset(
    ["write", "delete", "set-item", "delete-item", "in-place", "call", "enter", "exit"]
)

_ATTRIBUTE = {"STORE_ATTR": "write", "DELETE_ATTR": "delete"}
_NAME = {
    **dict.fromkeys(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"), "read"),
    **dict.fromkeys(("LOAD_FROM_DICT_OR_GLOBALS", "LOAD_FROM_DICT_OR_DEREF"), "read"),
    **dict.fromkeys(("STORE_GLOBAL", "STORE_DEREF"), "write"),
    **dict.fromkeys(("DELETE_GLOBAL", "DELETE_DEREF"), "delete"),
}
# The kind, and how deep below the top the container lies.
_ITEM = {
    "BINARY_SLICE": ("get-item", 3),
    "STORE_SUBSCR": ("set-item", 2),
    "STORE_SLICE": ("set-item", 3),
    "DELETE_SUBSCR": ("delete-item", 2),
    "CONTAINS_OP": ("contains", 1),
}
_SPREADS = frozenset(
    ["LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE", "UNPACK_SEQUENCE", "UNPACK_EX"]
)
# Builtins whose call reads no container and changes nothing.
_HARMLESS = frozenset(
    [
        "abs",
        "bool",
        "bytearray",
        "callable",
        "chr",
        "classmethod",
        "complex",
        "divmod",
        "float",
        "format",
        "hasattr",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "object",
        "ord",
        "property",
        "range",
        "repr",
        "round",
        "slice",
        "staticmethod",
        "str",
        "super",
        "type",
        "zip",
        "enumerate",
        "map",
        "filter",
        "iter",
        "reversed",
        "print",
    ]
)
# An opcode event of sys.settrace comes at the first EXTENDED_ARG, and none at what it extends.
_EVENT_AT_EXTENSION = sys.version_info < (3, 12)
_VARIABLES = ("local", "cell", "global", "attribute")
_NAMED = (*_VARIABLES, "item")


class Operation:
    """One visible operation in the source.

    Attributes:
        kind: One of `read write delete get-item set-item delete-item contains next spread in-place
            call enter exit`; of a task `begin await wait`, which stand for all that it does up to
            its next await.
        name: The attribute, variable or method; empty for items.
        line: The first line of the statement, counted from 1 in the file.
        function: The name of the function it stands in.
        first_line: The line of that function.
        subject: The last name of what is operated on, to guess what conflicts; `[]` for items of
            something without a name.
        local: A local variable; with a number or a text in it, the operation is not visible.
        acquires: Whether it was seen to acquire a modelled primitive.
        operand: How what is operated on got on the stack; for an attribute or a method, its base.
        key: The same of the key of an item.
        code: The code object.
        offset: Where in the code.
    """

    __slots__ = (
        "acquires",
        "code",
        "first_line",
        "function",
        "key",
        "kind",
        "line",
        "local",
        "name",
        "offset",
        "operand",
        "subject",
        "writes",
    )

    def __init__(
        self, kind: str, name: str, subject: str, code: CodeType, offset: int, line: int
    ) -> None:
        self.kind = kind
        self.name = name
        self.subject = subject
        self.code = code
        self.offset = offset
        self.line = line
        self.function = code.co_name
        self.first_line = code.co_firstlineno
        self.local: str | None = None
        self.acquires = False
        self.operand: Source | None = None
        self.key: Source | None = None
        self.writes = kind in WRITES

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or self.subject} {self.function}:{self.line}>"

    def conflicts(self, other: Operation) -> bool:
        """Guesses by name whether the order of two operations can matter."""
        return self.subject == other.subject and (self.writes or other.writes)


def find_operations(
    code: CodeType, namespace: Mapping[str, object], names: Names, scope: Scope
) -> dict[int, Operation]:
    """Finds the visible operations of a code object.

    Args:
        code: The code.
        namespace: The globals that it runs with.
        names: What is known of the names that actors store.
        scope: Tells whose code a callable is.

    Returns:
        The operations by the offset of their instruction.
    """
    found: dict[int, Operation] = {}
    line = code.co_firstlineno
    first = first_lines(code)
    lookup = _Lookup(code, namespace, names, scope)
    last_three: list[str] = []
    looked_up: list[tuple[Source, int]] = []
    extension: int | None = None
    for instruction, stack in instructions_with_stacks(code, names.iterated_by(code)):
        if instruction.opname == "EXTENDED_ARG":
            extension = instruction.offset if extension is None else extension
            continue
        offset = instruction.offset
        if extension is not None and _EVENT_AT_EXTENSION:
            offset = extension
        extension = None
        line = instruction.line or line
        described = _describe(instruction, stack, lookup, last_three)
        if instruction.opname in CALLS:
            callee = called(instruction.opname, instruction.arg, stack)
            _forget_lookup(callee, found, looked_up, lookup)
        if described is not None:
            kind, name, source, local = described
            operation = Operation(
                kind,
                name,
                _subject(kind, name, source),
                code,
                offset,
                first.get(line, line),
            )
            owner = names.owner_of(code)
            operation.function, operation.first_line = owner.co_name, owner.co_firstlineno
            operation.local = local
            operation.operand = _operand(kind, source)
            operation.key = _key(kind, instruction, stack)
            found[offset] = operation
            if kind == "read" and source is not None:
                looked_up.append((source, offset))
        if instruction.opname not in ("CACHE", "PRECALL"):
            last_three = [*last_three[-2:], _none_or_name(instruction)]
    _name_exits(found)
    return found


def _operand(kind: str, source: Source | None) -> Source | None:
    """Returns what is operated on: of an attribute, its object; of a variable, the variable."""
    if kind in ("read", "write", "delete") and source is not None and source.how == "attribute":
        return source.base
    return source


def _key(kind: str, instruction: Instruction, stack: Stack) -> Source | None:
    """Returns the key of an item."""
    if kind in ("get-item", "set-item", "delete-item") and "SLICE" not in instruction.opname:
        return _below(stack, 1)
    return None


def _name_exits(found: dict[int, Operation]) -> None:
    """Gives the end of a `with` the subject of its beginning, if the line has only one."""
    entered: dict[int, set[str]] = {}
    for operation in found.values():
        if operation.kind == "enter":
            entered.setdefault(operation.line, set()).add(operation.subject)
    for operation in found.values():
        if operation.kind == "exit":
            subjects = entered.get(operation.line, set())
            operation.subject = min(subjects) if len(subjects) == 1 else "()"


def _forget_lookup(
    callee: Source | None,
    found: dict[int, Operation],
    looked_up: list[tuple[Source, int]],
    lookup: _Lookup,
) -> None:
    """Takes back the read of a method that is called now, unless somebody stores that name."""
    for source, offset in reversed(looked_up):
        if source == callee and not lookup.names.is_stored(source.name):
            del found[offset]
            looked_up.remove((source, offset))
            return


_Described = tuple[str, str, "Source | None", "str | None"]


def _describe(
    instruction: Instruction, stack: Stack, lookup: _Lookup, last_three: list[str]
) -> _Described | None:
    """Tells the kind, name, subject and guarding local of an instruction; None if invisible."""
    name = instruction.opname
    top = stack[-1] if stack else None
    value = str(instruction.argval)
    if name in CALLS:
        return _describe_call(instruction, stack, lookup, last_three)
    if name in ("LOAD_ATTR", "LOAD_METHOD"):
        if lookup.is_stable_attribute(value, top):
            return None
        return "read", value, Source("attribute", value, top), None
    if name in _ATTRIBUTE:
        if lookup.names.is_constant(value):
            return None
        return _ATTRIBUTE[name], value, Source("attribute", value, top), None
    if name in _NAME:
        if not lookup.names.is_stored(value):
            return None
        if name.endswith("DEREF") and lookup.names.is_private_cell(lookup.code, value):
            return None
        return _NAME[name], value, Source("global", value), None
    if instruction.is_subscript or name in _ITEM:
        kind, depth = _ITEM.get(name, ("get-item", 2))
        container = _below(stack, depth)
        return None if _is_private(container) else (kind, "", container, None)
    if name in _SPREADS:
        return ("spread", "", top, None) if top and top.how in _VARIABLES else None
    if name == "FOR_ITER":
        iterator = _below(stack, ITERATOR_DEPTH)
        return None if lookup.iterates_privately(iterator) else ("next", "", iterator, None)
    if name in ("SETUP_WITH", "BEFORE_WITH"):
        return "enter", "", top, None
    if name == "WITH_EXCEPT_START":
        return "exit", "", None, None
    if instruction.is_in_place:
        container = _below(stack, 2)
        if container is not None and container.how == "local" and not _is_private(top):
            return "in-place", "", container, container.name
    return None


def _describe_call(
    instruction: Instruction, stack: Stack, lookup: _Lookup, last_three: list[str]
) -> _Described | None:
    callee = called(instruction.opname, instruction.arg, stack)
    if callee is None:
        # Leaving a `with` calls a function that lies deep on the stack, with three times None.
        kind = "exit" if last_three == ["None"] * 3 else "call"
        return kind, "", None, None
    if callee.how == "enter":
        return "enter", "", callee.base, None
    if callee.how == "exit":
        return "exit", "", None, None
    if callee.how == "function" or lookup.is_harmless(callee):
        return None
    if callee.how == "attribute" and not lookup.is_module(callee.base):
        return "call", callee.name, callee.base, None
    return "call", callee.name, callee, None


class _Lookup:
    """Answers what a source stands for, in the globals of one function."""

    def __init__(
        self, code: CodeType, namespace: Mapping[str, object], names: Names, scope: Scope
    ) -> None:
        self.code = code
        self.names = names
        self._namespace = namespace
        self._scope = scope

    def is_stable_attribute(self, name: str, base: Source | None) -> bool:
        """Tells whether reading an attribute cannot be observed."""
        if base is not None and (self.is_module(base) or base == _SUPER):
            return not self.names.is_stored(name)
        return self.names.is_constant(name)

    def is_module(self, source: Source | None) -> bool:
        """Tells whether a source is a module."""
        return isinstance(self._resolve(source), ModuleType)

    def is_harmless(self, callee: Source) -> bool:
        """Tells whether calling it is no operation of its own.

        A function of the user's has its own visible operations, and an object that is being made
        is nobody else's yet.
        """
        if _root_of(callee).name.startswith("@py"):
            # What pytest's rewriting of `assert` adds.
            return True
        target = self._resolve(callee)
        if isinstance(target, FunctionType):
            return target.__code__ in self._scope
        if isinstance(target, type):
            if issubclass(target, BaseException):
                return True
            if target.__module__ != "builtins":
                return any(
                    isinstance(member, FunctionType) and member.__code__ in self._scope
                    for member in vars(target).values()
                )
        return (
            target is not None
            and getattr(builtins, callee.name, None) is target
            and callee.name in _HARMLESS
        )

    def iterates_privately(self, iterator: Source | None) -> bool:
        """Tells whether a loop runs over numbers or constants."""
        iterable = iterator
        while iterable is not None and iterable.how == "iterator":
            iterable = iterable.base
        if iterable is not None and iterable.how == "call" and iterable.base is not None:
            return self._resolve(iterable.base) is range
        return _is_private(iterable)

    def _resolve(self, source: Source | None) -> object:
        """Returns what a global, or an attribute of a module, is; None if that can change."""
        if source is None or self.names.is_stored(source.name):
            return None
        if source.how == "global":
            if source.name in self._namespace:
                return self._namespace[source.name]
            return getattr(builtins, source.name, None)
        if source.how == "attribute":
            module = self._resolve(source.base)
            if isinstance(module, ModuleType):
                return vars(module).get(source.name)
        return None


_SUPER = Source("call", base=Source("global", "super"))


def _root_of(source: Source) -> Source:
    while source.base is not None:
        source = source.base
    return source


def _is_private(source: Source | None) -> bool:
    """Tells whether a value is a constant or was made on the spot."""
    return source is not None and source.how in ("constant", "built", "call")


def _below(stack: Stack, depth: int) -> Source | None:
    return stack[-depth] if len(stack) >= depth else None


def _subject(kind: str, name: str, source: Source | None) -> str:
    """Returns the last name of what is operated on."""
    if kind in ("read", "write", "delete"):
        return name
    while source is not None and source.how in ("iterator", "item", "call"):
        source = source.base
    if source is not None and source.how in _NAMED and source.name:
        return source.name
    return "()" if kind in ("call", "enter", "exit") else "[]"


def _none_or_name(instruction: Instruction) -> str:
    """Names an instruction so that three times None shows, which 3.10 copies."""
    # 3.15 loads None as a common constant.
    if instruction.opname in ("LOAD_CONST", "LOAD_COMMON_CONSTANT"):
        return "constant" if instruction.argval is not None else "None"
    return "None" if instruction.opname == "DUP_TOP" else instruction.opname
