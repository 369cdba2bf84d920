"""The lessons, run as a learner runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
pytestmark = pytest.mark.skipif(
    not EXAMPLES.exists(), reason="there are no examples beside the tests"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    ours = ("PYTEST_ADDOPTS", "PYTEST_CONCURRENCY_START_METHOD")
    command = [sys.executable, "-m", "pytest", "-p", "pytest_concurrency", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "examples", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("-n2",), ("--import-mode=importlib",)])
def test_every_sentence_is_true(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 0, result.stdout
    assert re.search(r"39 passed in", result.stdout)
    table = result.stdout.partition("= hazards =")[2].splitlines()[1:7]
    assert [line.split() for line in table] == [
        ["hazard", "fork", "spawn", "forkserver", "fix"],
        ["globals-not-shared", "shown", "shown", "shown", "fixed"],
        ["parent-state-visible-only-under-fork", "passes", "shown", "shown", "fixed"],
        ["lambda-under-spawn", "passes", "shown", "shown", "fixed"],
        ["pool-rejects-lambda-everywhere", "shown", "shown", "shown", "fixed"],
        ["value-read-modify-write", "shown", "shown", "shown", "fixed"],
    ]


def test_the_failures_teach() -> None:
    result = run("--hazards=fail", "--tb=short")
    assert result.returncode == 1
    assert re.search(r"13 failed, 26 passed in", result.stdout)
    for text in (
        "the child invited Bob, and the parent has ['Ann']",
        "the parent invited Cid, and the child sees ['Ann']",
        "target is a lambda (test_01_lambda.py:",
        "func is a lambda (test_01_lambda.py:",
        "two processes added one, and the counter says 1",
        "why: the child appended to a list in its own memory, which ended with the child\n"
        "fix: test_a_queue_brings_the_list_back\nfix: test_a_manager_keeps_one_list_for_all\n",
    ):
        assert text in result.stdout
