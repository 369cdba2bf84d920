"""Imports go one way, and the public names are those that are documented."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytest_concurrency

PACKAGE = Path(pytest_concurrency.__file__).parent
NAME = "pytest_concurrency"

# what each part may import of ours, beside itself: only what stands above it
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "on_import": set(),
    "patches": set(),
    "waiting": set(),
    "pickling": {"errors", "on_import", "patches", "waiting"},
    "children": {"errors", "patches", "pickling", "waiting"},
    "race": {"children", "errors", "patches", "pickling"},
    "options": {"race"},
    "leaks": {"children", "on_import", "patches", "waiting"},
    "leak_check": {"children", "errors", "leaks"},
    "session": {"children", "leak_check", "leaks", "on_import", "options", "pickling"},
    "races": {"errors", "options", "race"},
    "fixtures": {"children", "options", "race", "races", "session"},
    "markers": {"fixtures", "options"},
    "lessons": {"errors", "options"},
    "hazards": {"errors", "lessons", "markers", "options"},
    "report": {"hazards", "markers", "options"},
    "timeouts": {"leak_check", "session"},
    "running": {
        "errors", "hazards", "lessons", "markers", "options", "pickling", "session",
    },
    "plugin": {
        "fixtures", "hazards", "markers", "options", "report", "running", "session", "timeouts",
    },
}  # fmt: skip
WITHOUT_PYTEST = {
    "errors",
    "on_import",
    "patches",
    "waiting",
    "children",
    "leaks",
    "pickling",
    "race",
}
# what a spawned child loads before its target, and so before its sys.path is its parent's
IN_THE_CHILD = (
    "errors.py",
    "on_import.py",
    "patches.py",
    "children/bootstrap.py",
    "children/worker.py",
    "children/script_main.py",
    "leaks/origins.py",
    "pickling/notes.py",
)


def imports(file: Path, *, at_load: bool = False) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    nodes = tree.body if at_load else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "we import by full name"
            if node.module == NAME:
                yield from (f"{NAME}.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file: Path) -> None:
    part = part_of(file)
    ours = {name.split(".")[1] for name in imports(file) if name.startswith(NAME + ".")}
    assert ours <= ALLOWED[part] | {part}
    if part in WITHOUT_PYTEST:
        assert not {"pytest", "_pytest"} & {name.split(".")[0] for name in imports(file)}


def test_there_is_no_circle() -> None:
    parts = list(ALLOWED)
    for number, part in enumerate(parts):
        assert ALLOWED[part] <= set(parts[:number])


@pytest.mark.parametrize("file", IN_THE_CHILD)
def test_a_child_loads_the_standard_library_only(file: str) -> None:
    for name in imports(PACKAGE / file, at_load=True):
        first = name.split(".")[0]
        if first == NAME:
            assert str(Path(*name.split(".")[1:])) + ".py" in IN_THE_CHILD
        else:
            assert first in sys.stdlib_module_names


def test_the_public_names() -> None:
    assert sorted(pytest_concurrency.__all__) == sorted(pytest_concurrency._HOME)
    for name in pytest_concurrency.__all__:
        value = getattr(pytest_concurrency, name)
        assert value.__doc__.splitlines()[0].endswith((".", "?"))
        assert value.__module__ == f"{NAME}.{pytest_concurrency._HOME[name]}"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        getattr(pytest_concurrency, "nothing")  # noqa: B009 - mypy knows that it is not there


def test_markers_and_fixtures_are_documented(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("-p", NAME, "--markers")
    for marker in ("start_method", "hazard", "fix", "fact"):
        result.stdout.fnmatch_lines([f"@pytest.mark.{marker}(*): *"])
    result = pytester.runpytest_inprocess("-p", NAME, "--fixtures")
    result.stdout.no_fnmatch_line("*no docstring available*")
    for fixture in ("start_method", "mp_context", "run_in_process", "run_script"):
        result.stdout.fnmatch_lines([f"{fixture} -- *"])
