"""Where the operands of an instruction came from, found by following the stack through the code.

sys.monitoring and sys.settrace tell which instruction comes next, but not what is on the stack. A
`Source` says how a value got there ("the attribute `lock` of the local `self`"), which is enough to
tell a call of `range` from a call of `list.append`, and to find the object again in the frame.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

from pytest_concurrency.race.points.instructions import Instruction, instructions_of

__all__ = ["CALLS", "ITERATOR_DEPTH", "Source", "called", "instructions_with_stacks"]


class Source(NamedTuple):
    """How a value got on the stack.

    Args:
        how: `local`, `cell`, `global`, `constant`, `attribute`, `item`, `call`, `iterator`,
            `function`, `enter`, `exit`, `built`, or `filler` for what calls put beside a callable.
        name: Of the variable or attribute.
        base: What the attribute, item, call or iterator is of.
        value: Of a constant, the code of a function, or the source of the key of an item.
    """

    how: str
    name: str = ""
    base: Source | None = None
    value: object = None


Stack = list["Source | None"]

_FILLER = Source("filler")
_BUILT = Source("built")
_VERSION = sys.version_info[:2]

# 3.15 keeps a second value above an iterator.
ITERATOR_DEPTH = 2 if _VERSION >= (3, 15) else 1

# How many values an instruction takes, and how many unknown ones it leaves.
_PLAIN = {
    **dict.fromkeys(("POP_TOP", "STORE_GLOBAL", "STORE_NAME", "STORE_DEREF", "STORE_FAST"), (1, 0)),
    **dict.fromkeys(("STORE_FAST_MAYBE_NULL", "DELETE_ATTR", "LIST_EXTEND"), (1, 0)),
    **dict.fromkeys(("LIST_APPEND", "SET_ADD", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"), (1, 0)),
    **dict.fromkeys(("STORE_ATTR", "DELETE_SUBSCR", "MAP_ADD", "STORE_FAST_STORE_FAST"), (2, 0)),
    **dict.fromkeys(("COMPARE_OP", "IS_OP", "CONTAINS_OP", "IMPORT_NAME"), (2, 1)),
    **dict.fromkeys(("FORMAT_WITH_SPEC", "CHECK_EG_MATCH"), (2, 1)),
    **dict.fromkeys(("BINARY_SLICE",), (3, 1)),
    **dict.fromkeys(("UNARY_NOT", "UNARY_NEGATIVE", "UNARY_INVERT", "UNARY_POSITIVE"), (1, 1)),
    **dict.fromkeys(("TO_BOOL", "LIST_TO_TUPLE", "CALL_INTRINSIC_1", "FORMAT_SIMPLE"), (1, 1)),
    **dict.fromkeys(("CONVERT_VALUE", "GET_LEN_OF_TOP", "LOAD_FROM_DICT_OR_DEREF"), (1, 1)),
    **dict.fromkeys(("LOAD_FROM_DICT_OR_GLOBALS",), (1, 1)),
    "STORE_SUBSCR": (3, 0),
    "STORE_SLICE": (4, 0),
    "LOAD_CLOSURE": (0, 1),
    "RETURN_GENERATOR": (0, 1),
    "YIELD_VALUE": (1, 1),
    **dict.fromkeys(("GET_AWAITABLE", "GET_AITER"), (1, 1)),
    "BEFORE_ASYNC_WITH": (1, 2),
    # What is awaited and what is sent to it, and between the two the second value of an iterator.
    "YIELD_FROM": (2, 1),
    "SEND": (1, 1),
    "END_SEND": (1 + ITERATOR_DEPTH, 1),
    "LOAD_LOCALS": (0, 1),
    "LOAD_BUILD_CLASS": (0, 1),
    "LOAD_COMMON_CONSTANT": (0, 1),
    "IMPORT_FROM": (0, 1),
    # Behind END_FOR, 3.13 has a POP_TOP and 3.14 a POP_ITER for the exhausted iterator.
    "END_FOR": (0, ITERATOR_DEPTH if _VERSION >= (3, 13) else 0),
    "POP_ITER": (ITERATOR_DEPTH, 0),
}
_NOTHING = frozenset(
    [
        "RESUME",
        "NOP",
        "CACHE",
        "PRECALL",
        "KW_NAMES",
        "EXTENDED_ARG",
        "NOT_TAKEN",
        "MAKE_CELL",
        "COPY_FREE_VARS",
        "SETUP_ANNOTATIONS",
        "GEN_START",
        "DELETE_FAST",
        "DELETE_GLOBAL",
        "DELETE_NAME",
        "DELETE_DEREF",
        "SETUP_FINALLY",
        "POP_BLOCK",
    ]
)
_LOCAL_LOADS = frozenset(
    ["LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "LOAD_FAST_AND_CLEAR"]
)
_LOCAL_PAIRS = frozenset(("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"))
_CONSTANTS = frozenset(("LOAD_CONST", "LOAD_SMALL_INT", "LOAD_CONST_IMMORTAL"))
_NO_WAY_ON = frozenset(
    [
        "RETURN_VALUE",
        "RETURN_CONST",
        "RAISE_VARARGS",
        "RERAISE",
        "JUMP_FORWARD",
        "JUMP_ABSOLUTE",
        "JUMP_BACKWARD",
        "JUMP_BACKWARD_NO_INTERRUPT",
        # It goes on behind an await, where the stack is the same as without an exception.
        "CLEANUP_THROW",
    ]
)
_SPECIAL = {"__enter__": "enter", "__exit__": "exit", 0: "enter", 1: "exit"}


def instructions_with_stacks(
    code: CodeType, iterated: Source | None = None
) -> Iterator[tuple[Instruction, Stack]]:
    """Yields each instruction of a code object with the stack before it, as far as it is known.

    Args:
        code: Any code object.
        iterated: What a comprehension's hidden parameter iterates over, if the caller knows.

    Yields:
        The instruction and the known top of the stack, last value on top; the list is only valid
        until the next step.
    """
    stack: Stack = []
    arriving: dict[int, Stack] = {}
    for instruction in instructions_of(code):
        before = arriving.pop(instruction.offset, None)
        if before is not None:
            stack = before if stack is _UNREACHED else _merged(stack, before)
        elif stack is _UNREACHED:
            stack = []
        yield instruction, stack
        _apply(instruction, stack, iterated)
        target = _forward_target(instruction)
        if target is not None:
            way = list(stack)
            if instruction.opname == "FOR_ITER":
                del way[-1 - ITERATOR_DEPTH :]
            elif instruction.opname in ("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP"):
                way.append(None)
            elif instruction.opname == "SEND" and _VERSION == (3, 11):
                # There is no END_SEND yet.
                del way[-2:-1]
            known = arriving.get(target)
            arriving[target] = way if known is None else _merged(known, way)
        if instruction.opname in _NO_WAY_ON:
            stack = _UNREACHED


_UNREACHED: Stack = []


def _forward_target(instruction: Instruction) -> int | None:
    """Returns the offset a jump leads forward to; handlers of exceptions are not followed."""
    if instruction.opcode not in _JUMPS or instruction.opname.startswith("SETUP_"):
        return None
    target: int = instruction.argval
    return target if target > instruction.offset else None


_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)


def _merged(one: Stack, other: Stack) -> Stack:
    """Keeps what two ways to an instruction agree on."""
    size = min(len(one), len(other))
    return [
        a if a == b else None
        for a, b in zip(one[len(one) - size :], other[len(other) - size :], strict=True)
    ]


def _pop(stack: Stack, count: int = 1) -> Source | None:
    """Takes values off the stack and returns the one that lay deepest."""
    value = None
    for _ in range(count):
        value = stack.pop() if stack else None
    return value


def called(opname: str, argument: int, stack: Stack) -> Source | None:
    """Returns what a call instruction is about to call, if that is known."""
    depth = _call_size(opname, argument)
    if len(stack) < depth:
        return None
    first = stack[-depth]
    return stack[1 - depth] if first == _FILLER else first


def _call_size(opname: str, argument: int) -> int:
    """Returns how many values a call takes from the stack, the callable among them."""
    if opname == "CALL_FUNCTION":
        return argument + 1
    if opname == "CALL_FUNCTION_KW" or opname in ("CALL_METHOD", "CALL"):
        return argument + 2
    if opname == "CALL_KW":
        return argument + 3
    # CALL_FUNCTION_EX: a callable, what fills up beside it, arguments, keywords.
    if _VERSION >= (3, 14):
        return 4
    return 2 + (argument & 1) + (_VERSION >= (3, 11))


CALLS = frozenset(
    ["CALL", "CALL_FUNCTION", "CALL_FUNCTION_KW", "CALL_METHOD", "CALL_KW", "CALL_FUNCTION_EX"]
)


def _apply(instruction: Instruction, stack: Stack, iterated: Source | None) -> None:
    """Does to the stack what the instruction does."""
    name, arg = instruction.opname, instruction.arg
    if name in _NOTHING:
        return
    if name in _PLAIN and not _is_assertion_error(instruction):
        takes, leaves = _PLAIN[name]
        _pop(stack, takes)
        stack.extend([None] * leaves)
    elif name in CALLS:
        callee = called(name, arg, stack)
        _pop(stack, _call_size(name, arg))
        stack.append(Source("call", base=callee))
    elif not _load(instruction, stack, iterated) and not _shuffle(name, arg, stack):
        _compute(instruction, stack)


def _load(instruction: Instruction, stack: Stack, iterated: Source | None) -> bool:
    """Applies the instructions that put a value with a name on the stack."""
    name, arg, value = instruction.opname, instruction.arg, instruction.argval
    if name in _LOCAL_LOADS:
        stack.append(iterated if value == ".0" else Source("local", value))
    elif name in _LOCAL_PAIRS:
        stack.extend(Source("local", each) for each in value)
    elif name == "STORE_FAST_LOAD_FAST":
        _pop(stack)
        stack.append(Source("local", value[1]))
    elif name in _CONSTANTS:
        stack.append(Source("constant", value=value))
    elif name == "LOAD_GLOBAL":
        loaded = Source("global", value)
        if _VERSION < (3, 11) or not arg & 1:
            stack.append(loaded)
        else:
            stack.extend((_FILLER, loaded) if _VERSION < (3, 13) else (loaded, _FILLER))
    elif name == "LOAD_NAME":
        stack.append(Source("global", value))
    elif name in ("LOAD_DEREF", "LOAD_CLASSDEREF"):
        stack.append(Source("cell", value))
    elif name in ("LOAD_ATTR", "LOAD_METHOD"):
        stack.append(Source("attribute", value, _pop(stack)))
        if name == "LOAD_METHOD" or (_VERSION >= (3, 12) and arg & 1):
            stack.append(_FILLER)
    elif name == "LOAD_SUPER_ATTR":
        _pop(stack, 3)
        stack.append(Source("attribute", value, Source("call", base=Source("global", "super"))))
        if arg & 1:
            stack.append(_FILLER)
    elif name == "LOAD_SPECIAL":
        special = _SPECIAL.get(arg, "call")
        stack.extend((Source(special, base=_pop(stack)), _FILLER))
    elif _is_assertion_error(instruction):
        stack.append(Source("global", "AssertionError"))
    elif name == "PUSH_NULL":
        stack.append(_FILLER)
    else:
        return False
    return True


def _is_assertion_error(instruction: Instruction) -> bool:
    """Tells whether an instruction loads what `assert` raises."""
    return instruction.opname == "LOAD_ASSERTION_ERROR" or (
        instruction.opname == "LOAD_COMMON_CONSTANT" and instruction.argval is AssertionError
    )


def _shuffle(name: str, arg: int, stack: Stack) -> bool:
    """Applies the instructions that only move or copy what is on the stack."""
    if name == "COPY":
        stack.append(stack[-arg] if len(stack) >= arg else None)
    elif name == "SWAP":
        _fill(stack, arg)
        stack[-1], stack[-arg] = stack[-arg], stack[-1]
    elif name == "DUP_TOP":
        stack.append(stack[-1] if stack else None)
    elif name == "DUP_TOP_TWO":
        _fill(stack, 2)
        stack.extend(stack[-2:])
    elif name in ("ROT_TWO", "ROT_THREE", "ROT_FOUR"):
        count = ("ROT_TWO", "ROT_THREE", "ROT_FOUR").index(name) + 2
        _fill(stack, count)
        stack.insert(len(stack) - count, stack.pop())
    else:
        return False
    return True


def _fill(stack: Stack, size: int) -> None:
    """Makes the known part of the stack at least so deep."""
    stack[:0] = [None] * (size - len(stack))


def _compute(instruction: Instruction, stack: Stack) -> None:
    """Applies what is left; after an instruction that is not listed nothing is known any more."""
    name, arg = instruction.opname, instruction.arg
    if instruction.is_subscript:
        key = _pop(stack)
        stack.append(Source("item", base=_pop(stack), value=key))
    elif name.startswith(("BINARY_", "INPLACE_")):
        _pop(stack, 2)
        stack.append(_BUILT)
    elif name == "GET_ITER":
        stack.append(Source("iterator", base=_pop(stack)))
        stack.extend([_FILLER] * (ITERATOR_DEPTH - 1))
    elif name == "FOR_ITER":
        _fill(stack, ITERATOR_DEPTH)
        stack.append(Source("item", base=stack[-ITERATOR_DEPTH]))
    elif name in ("BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_STRING", "BUILD_SLICE"):
        _pop(stack, arg)
        stack.append(_BUILT)
    elif name in ("BUILD_MAP", "BUILD_CONST_KEY_MAP"):
        _pop(stack, 2 * arg if name == "BUILD_MAP" else arg + 1)
        stack.append(_BUILT)
    elif name == "FORMAT_VALUE":
        _pop(stack, 2 if arg & 4 else 1)
        stack.append(_BUILT)
    elif name == "UNPACK_SEQUENCE":
        _pop(stack)
        stack.extend([None] * arg)
    elif name == "MAKE_FUNCTION":
        extras = 0 if _VERSION >= (3, 13) else arg.bit_count()
        if _VERSION < (3, 11):
            _pop(stack)
        code = _pop(stack)
        _pop(stack, extras)
        stack.append(Source("function", value=code and code.value))
    elif name == "SET_FUNCTION_ATTRIBUTE":
        made = _pop(stack)
        _pop(stack)
        stack.append(made)
    elif name in ("SETUP_WITH", "BEFORE_WITH"):
        manager = _pop(stack)
        stack.extend((Source("exit", base=manager), Source("call")))
    elif "JUMP_IF_" in name or name in ("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP"):
        _pop(stack)
    elif not name.startswith("JUMP"):
        stack.clear()
