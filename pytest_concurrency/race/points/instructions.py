"""The instructions of a code object, as `dis` tells them, without what only a reader needs.

`dis` also makes labels, positions and texts, and takes five to ten times as long for it: all of the
user's code is looked through before the first run is over, so the first bug would wait for that.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["Instruction", "instructions_of"]

_VERSION = sys.version_info[:2]
# Room that the interpreter keeps for itself behind an instruction; nothing before 3.11.
_CACHE = dis.opmap.get("CACHE", -1)
_EXTENDED_ARG = dis.EXTENDED_ARG
_FIRST_IN_PLACE, _SUBSCRIPT = 13, 26  # of what BINARY_OP does: `+=` is the first of the former
_COMMON: tuple[object, ...] = tuple(getattr(dis, "_common_constants", ()))


class Instruction(NamedTuple):
    """One instruction.

    Args:
        offset: Where it is, behind its EXTENDED_ARG.
        opcode: Its number.
        opname: Its name.
        arg: Its argument, 0 if it has none.
        argval: What the argument stands for: a name, a constant, the offset a jump leads to.
        line: Its line, if it has one.
    """

    offset: int
    opcode: int
    opname: str
    arg: int
    argval: Any
    line: int | None

    @property
    def is_subscript(self) -> bool:
        """Whether it is `container[key]`, as a value."""
        if self.opname == "BINARY_OP":
            return self.arg == _SUBSCRIPT
        return self.opname == "BINARY_SUBSCR"

    @property
    def is_in_place(self) -> bool:
        """Whether it works on its left operand in place: `+=` and the like."""
        if self.opname == "BINARY_OP":
            return _FIRST_IN_PLACE <= self.arg < _SUBSCRIPT
        return self.opname.startswith("INPLACE_")


class _Parts:
    """What arguments of instructions stand for, in one code object."""

    def __init__(self, code: CodeType) -> None:
        self.constants = code.co_consts
        self.names = code.co_names
        cells = code.co_cellvars
        if _VERSION < (3, 11):
            self.locals = code.co_varnames
            self.cells = cells + code.co_freevars
        else:
            own = tuple(name for name in cells if name not in code.co_varnames)
            self.locals = self.cells = code.co_varnames + own + code.co_freevars


# From the parts, the argument, and the offset of what follows to what the argument stands for.
_Meaning = Callable[[_Parts, int, int], Any]


def _meaning_of(name: str, opcode: int) -> _Meaning | None:
    if name in ("STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST") or name.count("LOAD_FAST") == 2:
        return lambda parts, arg, _: (parts.locals[arg >> 4], parts.locals[arg & 15])
    if name == "LOAD_COMMON_CONSTANT":
        return lambda parts, arg, _: _COMMON[arg]
    if name == "LOAD_SMALL_INT":
        return None
    if opcode in dis.hasconst:
        return lambda parts, arg, _: parts.constants[arg]
    if opcode in dis.hasname:
        shift = _name_shift(name)
        return lambda parts, arg, _: parts.names[arg >> shift]
    if opcode in dis.haslocal:
        return lambda parts, arg, _: parts.locals[arg]
    if opcode in dis.hasfree:
        return lambda parts, arg, _: parts.cells[arg]
    if opcode in dis.hasjabs:
        return lambda parts, arg, _: 2 * arg
    if opcode in dis.hasjrel:
        # END_ASYNC_FOR leads back to the SEND of its loop, since 3.14.
        back = "BACKWARD" in name or name == "END_ASYNC_FOR"
        return lambda parts, arg, after: after - 2 * arg if back else after + 2 * arg
    return None


def _name_shift(name: str) -> int:
    """Returns how many bits of the argument are flags, below the number of the name."""
    if name == "LOAD_GLOBAL":
        return _VERSION >= (3, 11)
    if name == "LOAD_ATTR":
        return _VERSION >= (3, 12)
    if name == "IMPORT_NAME":
        return 2 * (_VERSION >= (3, 15))
    return 2 * (name == "LOAD_SUPER_ATTR")


_MEANINGS = {opcode: _meaning_of(name, opcode) for name, opcode in dis.opmap.items()}


def instructions_of(code: CodeType) -> Iterator[Instruction]:
    """Yields the instructions of a code object, each EXTENDED_ARG among them."""
    parts = _Parts(code)
    names, meanings = dis.opname, _MEANINGS
    raw = code.co_code
    size = len(raw)
    lines = code.co_lines()
    until, line = -1, None
    offset = extended = 0
    while offset < size:
        opcode = raw[offset]
        arg = raw[offset + 1] | extended if opcode >= dis.HAVE_ARGUMENT else 0
        after = offset + 2
        while after < size and raw[after] == _CACHE:
            after += 2
        while until <= offset:
            _, until, line = next(lines)
        meaning = meanings.get(opcode)
        value = arg if meaning is None else meaning(parts, arg, after)
        yield Instruction(offset, opcode, names[opcode], arg, value, line)
        extended = arg << 8 if opcode == _EXTENDED_ARG else 0
        offset = after
