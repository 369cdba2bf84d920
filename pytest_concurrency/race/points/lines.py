"""The first line of the statement that a line belongs to.

Pythons disagree about the lines of the instructions of a statement that spans several; they agree
about where the statement begins.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

__all__ = ["first_lines"]


def first_lines(code: CodeType) -> dict[int, int]:
    """Returns the lines of a code object that begin no statement, each with the line that does.

    The lines that do begin one are not in it, nor are any if there is no source. The head of a
    block counts as a statement.

    Args:
        code: The code of a function; only that is parsed, since its file may be long.
    """
    first = code.co_firstlineno
    last = max((line for _, _, line in code.co_lines() if line is not None), default=first)
    if code.co_name.startswith("<"):
        # It stands in the middle of a statement.
        return _of_file(code.co_filename)
    return _of_function(code.co_filename, code.co_name, first, last)


@lru_cache(maxsize=512)
def _of_function(filename: str, name: str, first: int, last: int) -> dict[int, int]:
    """Parses a function alone, as far as it has instructions; the whole file if that is no way."""
    lines = linecache.getlines(filename)[first - 1 : last]
    indented = bool(lines) and lines[0][:1].isspace()
    try:
        (tree,) = ast.parse("".join(["if 1:\n"] * indented + lines)).body
    except (SyntaxError, ValueError):
        return _of_file(filename)
    if isinstance(tree, ast.If):
        tree = tree.body[0]
    if getattr(tree, "name", None) != name:
        return _of_file(filename)
    return _first_lines_in([tree], first - 1 - indented)


@lru_cache(maxsize=512)
def _of_file(filename: str) -> dict[int, int]:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    return _first_lines_in(tree.body, 0)


def _first_lines_in(statements: list[ast.stmt], before: int) -> dict[int, int]:
    """Maps the lines of statements, which have so many lines before them in their file."""
    first: dict[int, int] = {}
    for node in _with_those_inside(statements):
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        if isinstance(node, ast.Match):
            last = node.subject.end_lineno or node.lineno
        for line in range(node.lineno + 1, last + 1):
            # A statement inside another one comes later and starts later.
            first[line + before] = max(first.get(line + before, 0), node.lineno + before)
    return first


def _with_those_inside(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in statements:
        yield node
        for each in (node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            for part in ("body", "orelse", "finalbody"):
                yield from _with_those_inside(getattr(each, part, []))
