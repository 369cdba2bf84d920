"""An assertion fails in a child process, and the test that started the child passes.

A child raises its AssertionError where nobody catches it: it prints a traceback and ends with exit
code 1. `join` waits for that end, and does not mind which end it was. So the test goes on to its
last line and passes, and pytest shows the output of failed tests only: not even the traceback is
seen.

The exit code tells. What was wrong it does not tell; for that the error has to be brought back, as
`run_in_process` of this plugin does, or a pool.

    pytest -p pytest_concurrency examples/c12_under_pytest/test_01_child_assert.py --hazards=fail
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TEST_WITHOUT_A_LOOK = """\
from multiprocessing import Process

def check_price():
    assert 3 * 4 == 10, "the price is wrong"

def test_the_price():
    child = Process(target=check_price)
    child.start()
    child.join(30)
"""
TEST_WITH_A_LOOK = TEST_WITHOUT_A_LOOK + "    assert child.exitcode == 0\n"


def run_pytest(folder: Path, test: str) -> str:
    """Run a test file in a pytest of its own, without the plugin, and return what it prints."""
    (folder / "pytest.ini").write_text("[pytest]\n")  # else the settings of a folder above count
    (folder / "test_price.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_price.py"],
        cwd=folder,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    print(result.stdout, result.stderr)
    return result.stdout


@pytest.mark.hazard(
    "child-assert-invisible",
    match="and pytest says 1 passed",
    why="the error ended the child, not the test: join() returns whatever the exit code is",
)
def test_a_failed_assertion_of_a_child_does_not_fail_the_test(tmp_path: Path) -> None:
    report = run_pytest(tmp_path, TEST_WITHOUT_A_LOOK)
    verdict = report.splitlines()[-1].partition(" in ")[0]
    assert verdict == "1 failed", f"the child asserts 3 * 4 == 10, and pytest says {verdict}"


@pytest.mark.fix("child-assert-invisible")
def test_a_look_at_the_exit_code_fails_the_test(tmp_path: Path) -> None:
    report = run_pytest(tmp_path, TEST_WITH_A_LOOK)
    assert "1 failed in" in report
    assert "AssertionError: the price is wrong" in report  # in the output of the failed test


def check_price() -> None:
    if 3 * 4 != 10:
        raise AssertionError("the price is wrong")


@pytest.mark.fix("child-assert-invisible")
def test_run_in_process_raises_what_the_child_raised(run_in_process: Any) -> None:
    with pytest.raises(AssertionError, match="the price is wrong"):
        run_in_process(check_price)


# See also: c12_under_pytest/test_02_child_output.py, for what else of a child pytest does not see.
