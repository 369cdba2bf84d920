"""The first line of the statement that a line belongs to.

Pythons disagree about the lines of the instructions of a statement that spans several; they agree
about where the statement begins.
"""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache

__all__ = ["statement_line"]


def statement_line(filename: str, line: int) -> int:
    """Returns the first line of the statement, or of the head of the block, that a line is in.

    Args:
        filename: As code objects have it.
        line: A line of that file, from 1.

    Returns:
        The line itself if there is no source.
    """
    return _first_lines(filename).get(line, line)


@lru_cache(maxsize=512)
def _first_lines(filename: str) -> dict[int, int]:
    """Returns, for each line that begins no statement, the line that does."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    first: dict[int, int] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        if isinstance(node, ast.Match):
            last = node.subject.end_lineno or node.lineno
        for line in range(node.lineno + 1, last + 1):
            # A statement inside another one is walked later and starts later.
            first[line] = max(first.get(line, 0), node.lineno)
    return first
