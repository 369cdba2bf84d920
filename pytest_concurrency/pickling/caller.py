"""What the caller calls the object it passes: the name that a path in an error can begin with."""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap

_LINES = 8


def name_of_argument(function: str, *, otherwise: str = "obj") -> str:
    """Read, from the source of the caller's caller, the first argument of a call.

    Args:
        function: the name of the function that was called.
        otherwise: the answer when the source cannot be read, or the argument is no name.

    Returns:
        An expression such as ``order`` or ``self.order``.
    """
    frame = sys._getframe(2)
    return argument_at(frame.f_code.co_filename, frame.f_lineno, function) or otherwise


def argument_at(file: str, first: int, function: str) -> str:
    """Read the first argument of a call from a line of source.

    Args:
        file: the file.
        first: the number of the line; the statement may go on below it.
        function: the name of the function that is called there.

    Returns:
        The argument; empty when there is no such call, or its argument is no name.
    """
    text = ""
    for line in range(first, first + _LINES):
        text += linecache.getline(file, line)
        argument = _first_argument(text, function)
        if argument is not None:
            return argument
    return ""


def _first_argument(source: str, function: str) -> str | None:
    """The argument; empty if it is no name; None if the source is not a whole statement."""
    text = textwrap.dedent(source).strip()
    for attempt in (text, text + "\n    pass"):  # the second: `with pytest.raises(...):`
        try:
            tree = ast.parse(attempt)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) == function and node.args:
                return ast.unparse(node.args[0]) if _is_name(node.args[0]) else ""
    return None


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_name(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
