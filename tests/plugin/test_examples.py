"""The lessons, run as a learner runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
MODULE = (sys.executable, "-m", "pytest")
SCRIPT = (str(Path(sys.executable).with_name("pytest")),)
pytestmark = pytest.mark.skipif(
    not EXAMPLES.exists(), reason="there are no examples beside the tests"
)


# Three pages stand for all: `tox` runs the whole book under each start method.
PAGES = (
    "examples/c01_separate_memory/test_01_globals_not_shared.py",
    "examples/c02_pickling/test_01_lambda.py",
    "examples/c05_shared_state/test_01_lost_update.py",
)


def run(
    *arguments: str, command: tuple[str, ...] = MODULE, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    ours = ("PYTEST_ADDOPTS", "PYTEST_CONCURRENCY_START_METHOD")
    return subprocess.run(
        [*command, "-p", "pytest_concurrency", "-p", "no:cacheprovider", *PAGES, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "command"),
    [((), MODULE), (("--import-mode=importlib",), SCRIPT), (("-n2",), SCRIPT)],
    ids=["module-prepend", "script-importlib", "script-xdist"],
)
def test_every_sentence_is_true(arguments: tuple[str, ...], command: tuple[str, ...]) -> None:
    result = run(*arguments, command=command)
    assert result.returncode == 0, result.stdout
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
    result = run("--hazards=fail", "--tb=short", "-n2")  # without -n2: test_readme.py
    assert result.returncode == 1
    assert re.search(r"13 failed, \d+ passed in", result.stdout)
    for text in (
        "the child has ['Ann', 'Bob']",
        "the child invited Bob, and the parent has ['Ann']",
        "the parent invited Cid, and the child sees ['Ann']",
        "target is a lambda (test_01_lambda.py:",
        "func is a lambda (test_01_lambda.py:",
        "lost update: Actor 0 read Value#1.value = 0 on line",
        "why: the child appended to a list in its own memory, which ended with the child\n"
        f"fix: {PAGES[0]}::test_a_queue_brings_the_list_back\n"
        f"fix: {PAGES[0]}::test_a_manager_keeps_one_list_for_all\n",
    ):
        assert text in result.stdout


# Each remedy, and the line without it.
REMEDIES = {
    "the lock": (
        "c05_shared_state/test_01_lost_update.py",
        "with counter.get_lock():",
        "if True:",
        "test_the_lock_of_the_value_held_over_both_steps_keeps_every_update",
    ),
    "the manager": (
        "c01_separate_memory/test_01_globals_not_shared.py",
        "manager.list(guests)",
        "list(guests)",
        "test_a_manager_keeps_one_list_for_all",
    ),
    "the queue": (
        "c01_separate_memory/test_01_globals_not_shared.py",
        "answers.put(guests)\n\n\n@pytest.mark.fix",
        "answers.put([])\n\n\n@pytest.mark.fix",
        "test_a_queue_brings_the_list_back",
    ),
    "the argument": (
        "c01_separate_memory/test_01_globals_not_shared.py",
        "start(mp_context, tell, guests, answers)",
        "start(mp_context, tell_guests, answers)",
        "test_what_is_passed_as_an_argument_arrives",
    ),
    "the function as target": (
        "c02_pickling/test_01_lambda.py",
        "run_child(mp_context, greet)",
        "run_child(mp_context, lambda: greet())",
        "test_a_function_of_the_module_starts_everywhere",
    ),
    "the partial as target": (
        "c02_pickling/test_01_lambda.py",
        'partial(greet, "Ann")',
        'lambda: greet("Ann")',
        "test_a_partial_of_such_a_function_starts_everywhere",
    ),
    "the function in a pool": (
        "c02_pickling/test_01_lambda.py",
        "pool.map(double,",
        "pool.map(lambda number: 2 * number,",
        "test_a_pool_takes_a_function_of_the_module",
    ),
    "the partial in a pool": (
        "c02_pickling/test_01_lambda.py",
        "pool.map(partial(scale, 2),",
        "pool.map(lambda number: scale(2, number),",
        "test_a_pool_takes_a_partial_of_such_a_function",
    ),
}


def test_each_fix_fails_without_its_remedy(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    for page, line, without, _ in REMEDIES.values():
        copy = tmp_path / "examples" / page
        source = copy.read_text()
        assert source.count(line) == 1, f"{line!r} is not the one line of the remedy any more"
        copy.write_text(source.replace(line, without))
    result = run("-m", "fix", "--start-method=spawn", "-rA", folder=tmp_path)
    lines = re.findall(r"^(PASSED|FAILED) \S+::(\w+)", result.stdout, re.MULTILINE)
    verdicts = {test: word for word, test in lines}
    expected = {test: "FAILED" for *_, test in REMEDIES.values()}
    assert {test: verdicts.get(test) for test in expected} == expected, result.stdout
