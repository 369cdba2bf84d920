"""Natural switch points: where this interpreter can hand the GIL to another thread.

A thread that holds the GIL gives it away on request, and the interpreter looks for a request at few
places: when a Python function or generator is entered, when it jumps back, and after most calls
(`HAS_EVAL_BREAK_FLAG` in CPython's pycore_opcode_metadata.h; 3.10 and 3.11 in `switch_table`). So a
race needs such a place between two visible operations, or it cannot happen with the GIL.

What counts is what the interpreter does without us, in code that has run often enough to be
specialised. Our stand-ins for methods written in C count as what they stand for.
"""

from __future__ import annotations

import dis
import sys
import sysconfig
from _thread import get_ident
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType
from typing import TypeGuard

from pytest_concurrency.race.points.scope import is_ours

__all__ = [
    "Switches",
    "enters_function",
    "has_gil",
    "is_checked_entry",
    "is_put_off",
    "returns_unchecked",
]

_VERSION = sys.version_info[:2]
_LIST_APPEND = list.append
_LOOSE = 0x04 | 0x08  # CO_VARARGS, CO_VARKEYWORDS
# Before these, 3.10 puts off what is pending, so that no exception comes between a resource and the
# block that frees it.
_PUT_OFF = frozenset(
    dis.opmap[name]
    for name in ("SETUP_FINALLY", "SETUP_WITH", "BEFORE_ASYNC_WITH", "YIELD_FROM")
    if _VERSION == (3, 10)
)


class Switches:
    """Notes for each thread whether it has passed a natural switch point.

    Attributes:
        everywhere: Whether there is no GIL that would have to be handed over.
    """

    def __init__(self) -> None:
        self.everywhere = not has_gil()
        self._passed: set[int] = set()
        self._shapes: dict[int, tuple[CodeType, dict[int, tuple[int, bool]]]] = {}

    def take(self) -> bool:
        """Tells whether the calling thread has passed one since it asked last."""
        if self.everywhere:
            return True
        ident = get_ident()
        if ident in self._passed:
            self._passed.remove(ident)
            return True
        return False

    def note(self, code: CodeType, offset: int) -> None:
        """Notes that the calling thread passes one.

        Args:
            code: Where.
            offset: The instruction that the interpreter is at when it looks for requests; -1 for
                the entry of a function of 3.10.
        """
        self._passed.add(get_ident())

    # Callbacks for the events of sys.monitoring.

    def on_entry(self, code: CodeType, offset: int) -> None:
        """Takes PY_START and PY_RESUME."""
        if not is_ours(code) and is_checked_entry(code, offset):
            self.note(code, offset)

    def on_jump(self, code: CodeType, offset: int, target: int) -> None:
        """Takes JUMP."""
        if target <= offset and not is_ours(code):
            self.note(code, offset)

    def on_call(self, code: CodeType, offset: int, callee: object, _first: object) -> None:
        """Takes CALL: a stand-in is no C function, so that its return would go unnoticed."""
        if _is_stand_in(callee) and not is_ours(code):
            self.note(code, offset)

    def on_return(self, code: CodeType, offset: int, callee: object, first: object) -> None:
        """Takes C_RETURN, which comes exactly where the interpreter looks for requests."""
        if is_ours(code):
            return
        if _can_return_unchecked(callee):
            arguments, dropped = self._shape(code, offset)
            if returns_unchecked(callee, arguments, first, dropped):
                return
        self.note(code, offset)

    def _shape(self, code: CodeType, offset: int) -> tuple[int, bool]:
        """Returns how many arguments a call passes, and whether its result is dropped."""
        # By id, because code objects are slow keys; the code is kept alive so that it is a name.
        known = self._shapes.get(id(code))
        if known is None:
            known = self._shapes[id(code)] = (code, _plain_calls(code))
        return known[1].get(offset, (-1, False))


def is_checked_entry(code: CodeType, offset: int) -> bool:
    """Tells whether the interpreter looks for requests where it enters a function or generator.

    Args:
        code: What is entered.
        offset: Of its RESUME; on 3.10, of the instruction before the one to go on with.
    """
    if _PUT_OFF:
        return code.co_code[offset + 2 if offset >= 0 else 0] not in _PUT_OFF
    # The location is 0 at the start, 1 after `yield`, 2 and 3 after `yield from` and `await`.
    return (code.co_code[offset + 1] & 3) < 2


def is_put_off(code: CodeType, offset: int) -> bool:
    """Tells whether 3.10 looks for no requests just before an instruction."""
    return bool(_PUT_OFF) and code.co_code[offset] in _PUT_OFF


def _is_stand_in(callee: object) -> bool:
    """Tells whether a function is ours, in the place of a method written in C."""
    function = _function_of(callee)
    return function is not None and is_ours(function.__code__)


def enters_function(callee: object) -> bool:
    """Tells whether a call goes on in Python code, without coming back to the call's own end."""
    function = _function_of(callee)
    return function is not None and not is_ours(function.__code__)


# `isinstance` would ask an object for its `__class__`, which can be code of the user's.


def _function_of(callee: object) -> FunctionType | None:
    """Returns the function that is called, or the one of a bound method."""
    if type(callee) is MethodType:
        callee = callee.__func__
    return callee if type(callee) is FunctionType else None


def _is_class(callee: object) -> TypeGuard[type]:
    return issubclass(type(callee), type)


def _can_return_unchecked(callee: object) -> bool:
    return callee is len or callee is isinstance or callee is _LIST_APPEND or _is_class(callee)


def returns_unchecked(callee: object, arguments: int, first: object, dropped: bool) -> bool:
    """Tells whether a call has a specialised instruction that looks for no requests, since 3.11.

    Args:
        callee: What is called; no Python function.
        arguments: How many arguments the call passes by position; -1 if it passes others.
        first: The first of them, or what a method is called on.
        dropped: Whether the result is dropped at once.
    """
    if callee is _LIST_APPEND:
        return arguments == 1 and dropped and type(first) is list
    if callee is len or callee is isinstance:
        return arguments >= 0
    if callee is type:
        return arguments == 1
    return _VERSION >= (3, 13) and _is_class(callee) and _enters_init(callee, arguments)


def _enters_init(made: type, arguments: int) -> bool:
    """Tells whether CALL_ALLOC_AND_ENTER_INIT fits: `__init__` then runs like a function."""
    if type(made) is not type:
        return False
    init = getattr_static(made, "__init__")
    return (
        getattr_static(made, "__new__") is object.__new__
        # Minus one stands for a dictionary that the object's own memory holds.
        and made.__dictoffset__ == -1
        and type(init) is FunctionType
        and not init.__code__.co_flags & _LOOSE
        and not init.__code__.co_kwonlyargcount
        and init.__code__.co_argcount == arguments + 1
    )


def _plain_calls(code: CodeType) -> dict[int, tuple[int, bool]]:
    """Returns the arguments, and whether the result is dropped, of calls without keywords."""
    instructions = list(dis.get_instructions(code))
    return {
        each.offset: (each.arg or 0, following.opname == "POP_TOP")
        for before, each, following in zip(
            [None, *instructions], instructions, instructions[1:], strict=False
        )
        if each.opname == "CALL" and (before is None or before.opname != "KW_NAMES")
    }


def has_gil() -> bool:
    return not sysconfig.get_config_var("Py_GIL_DISABLED") or bool(
        getattr(sys, "_is_gil_enabled", lambda: True)()
    )
