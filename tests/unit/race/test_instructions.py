"""Instructions and lines are what `dis` and `ast` say of them, on whichever Python this runs."""

from __future__ import annotations

import argparse
import ast
import concurrent.futures.thread
import contextlib
import dis
import inspect
import logging
import queue
import threading
from collections.abc import Iterator
from types import CodeType, ModuleType

import pytest

from pytest_concurrency.race.points import lines
from pytest_concurrency.race.points.instructions import instructions_of
from tests.unit.race import points_sample, switches_sample

MODULES = (
    argparse,
    ast,
    concurrent.futures.thread,
    contextlib,
    inspect,
    logging,
    points_sample,
    queue,
    switches_sample,
    threading,
)
# Of what their arguments stand for nothing is needed.
LEFT_AS_NUMBERS = {"COMPARE_OP", "CONVERT_VALUE", "FORMAT_VALUE", "LOAD_SPECIAL", "MAKE_FUNCTION"}


def codes_of(module: ModuleType) -> Iterator[CodeType]:
    filename = module.__file__
    assert filename is not None
    waiting = [compile(inspect.getsource(module), filename, "exec")]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_instructions_are_those_of_dis(module: ModuleType) -> None:
    for code in codes_of(module):
        ours, theirs = list(instructions_of(code)), list(dis.get_instructions(code))
        assert [(each.offset, each.opcode, each.arg) for each in ours] == [
            (each.offset, each.opcode, each.arg or 0) for each in theirs
        ]
        for one, other in zip(ours, theirs, strict=True):
            if one.opname == "BINARY_OP":
                assert one.is_subscript == (other.argrepr == "[]")
                assert one.is_in_place == other.argrepr.endswith("=")
            elif one.opname == "LOAD_COMMON_CONSTANT":
                assert other.argrepr in (repr(one.argval), getattr(one.argval, "__name__", ""))
            elif other.arg is not None and one.opname not in LEFT_AS_NUMBERS:
                # 3.11 does not tell what KW_NAMES stands for.
                assert one.argval == other.argval or one.opname == "KW_NAMES"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_lines_are_those_of_dis(module: ModuleType) -> None:
    for code in codes_of(module):
        line = None
        for one, other in zip(instructions_of(code), dis.get_instructions(code), strict=True):
            positions = getattr(other, "positions", None)
            if positions is not None:
                assert one.line == positions.lineno
            else:
                # 3.10 tells a line only where another one begins.
                line = other.starts_line or line
                assert one.line in (line, None)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_function_parsed_alone_has_the_statements_that_it_has_in_its_file(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lines._of_file(module.__file__ or "")
    functions = [code for code in codes_of(module) if code.co_name[0] != "<"]
    asked: list[str] = []

    def of_file(name: str) -> dict[int, int]:
        asked.append(name)
        return whole

    monkeypatch.setattr(lines, "_of_file", of_file)
    for code in functions:
        alone = lines.first_lines(code)
        for _, _, line in code.co_lines():
            # What decorates a function stands before it.
            if line is not None and line > code.co_firstlineno:
                assert alone.get(line, line) == whole.get(line, line), (code.co_name, line)
    # The file is only needed for a few: annotations of 3.14, and what ends in a closing bracket.
    assert len(asked) < len(functions)


def test_what_has_no_source_has_no_lines_to_map() -> None:
    namespace: dict[str, object] = {}
    exec(compile("def made(): return (1,\n 2)", "<made up>", "exec"), namespace)
    code = namespace["made"].__code__  # type: ignore[attr-defined]
    assert lines.first_lines(code) == {}
