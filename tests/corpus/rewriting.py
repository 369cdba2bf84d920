"""Puts a decision before every access to a shared variable, by rewriting a program's source.

A rewritten program decides at the same places on every Python. A variable is shared if it is an
attribute that some function other than `__init__` assigns, or whose object is changed in place.
`x.a += 1` becomes a read and a write: that is what it is.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from tests.corpus.programs import Program

CHANGING = {"append", "clear", "pop"}
"""The methods that programs of the corpus change an object with."""

DECIDE = "__decide__"


def rewritten(program: Program, decide: Callable[[], None]) -> dict[str, Any]:
    """Executes the program's module with its decisions in place and returns its namespace."""

    def decide_before(owner: object) -> object:
        decide()
        return owner

    namespace = {"__name__": f"rewritten.{program.module}", DECIDE: decide_before}
    exec(_compiled(program.file), namespace)
    return namespace


@functools.cache
def _compiled(file: Path) -> CodeType:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tree = _Rewriter(_shared_names(tree)).visit(tree)
    return compile(ast.fix_missing_locations(tree), str(file), "exec")


def _shared_names(tree: ast.Module) -> set[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {
        name
        for function in functions
        if function.name != "__init__"
        for node in ast.walk(function)
        if (name := _changed_name(node)) is not None
    }


def _changed_name(node: ast.AST) -> str | None:
    match node:
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case ast.Subscript(value=ast.Attribute(attr=name), ctx=ast.Store()):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr=method)):
            return name if method in CHANGING else None
    return None


class _Rewriter(ast.NodeTransformer):
    def __init__(self, shared: set[str]) -> None:
        self.shared = shared

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        self.generic_visit(node)
        if node.attr in self.shared:
            node.value = ast.Call(ast.Name(DECIDE, ast.Load()), [node.value], [])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        source = ast.unparse(node.target)
        read = ast.parse(source, mode="eval").body
        write = ast.Assign([node.target], ast.BinOp(read, node.op, node.value))
        return self.visit(ast.copy_location(write, node))  # type: ignore[no-any-return]
