"""A test module that pytest has imported cannot be imported by the child that it starts.

The option `--import-mode=importlib` leaves `sys.path` alone: pytest loads
`project/checks/test_shop.py` by its path and calls it `checks.test_shop`. A child that is spawned,
or comes from a fork server, is told that name and must import it, and nothing on its path leads
there. It ends with a ModuleNotFoundError before it has called anything. (A Pool would start the
next one, for ever.) Under fork nothing has to be imported, and all is well.

In the modes prepend, the default, and append, pytest puts the folder of the module on `sys.path`,
and children are given that. With `pythonpath = .` in pytest's settings, or `python -m pytest` from
the project's own folder, the name can be found too; the inner runs here start elsewhere, as does
the command `pytest`, which adds no folder. Under this plugin children load a module from the file
that pytest took, under any mode.

    pytest -p pytest_concurrency examples/c12_under_pytest/test_03_importlib_mode.py --hazards=fail
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TEST_OF_THE_SHOP = """\
from multiprocessing import get_context

def open_shop():
    print("the shop is open")

def open_in_a_child(method):
    child = get_context(method).Process(target=open_shop)
    child.start()
    child.join(30)
    assert child.exitcode == 0, "the child did not open the shop"

def test_under_fork():
    open_in_a_child("fork")

def test_under_spawn():
    open_in_a_child("spawn")
"""


OPTIONS = ("-qs", "--tb=no", "-p", "no:cacheprovider")


def run_pytest(folder: Path, *options: str) -> str:
    """Run the project's tests in a pytest of its own and return what it prints."""
    tests = folder / "project" / "checks"
    tests.mkdir(parents=True)
    (tests.parent / "pytest.ini").write_text("[pytest]\n")
    (tests / "test_shop.py").write_text(TEST_OF_THE_SHOP)
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *options, tests],
        cwd=folder,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    print(result.stdout)
    return result.stdout + result.stderr


@pytest.mark.hazard(
    "pytest-importlib-mode",
    match="the spawned child ended with a ModuleNotFoundError: No module named 'checks'",
    why="the child was told to import checks.test_shop, and no folder of its path has a `checks`",
)
def test_a_spawned_child_cannot_import_what_importlib_mode_has_loaded(tmp_path: Path) -> None:
    report = run_pytest(tmp_path, "--import-mode=importlib")
    error = "".join(re.findall(r"^ModuleNotFoundError.*", report, re.MULTILINE))
    passed = "2 passed in" in report
    assert passed, f"the spawned child ended with a {error}"


@pytest.mark.fix("pytest-importlib-mode")
def test_in_prepend_mode_the_folder_is_on_the_path_of_the_child(tmp_path: Path) -> None:
    report = run_pytest(tmp_path, "--import-mode=prepend")
    assert "2 passed in" in report


@pytest.mark.fix("pytest-importlib-mode")
def test_under_this_plugin_the_child_loads_the_file_itself(tmp_path: Path) -> None:
    report = run_pytest(tmp_path, "--import-mode=importlib", "-p", "pytest_concurrency")
    assert "2 passed in" in report


# See also: c02_pickling/test_02_functions_by_name.py, for what a child is told of a function.
