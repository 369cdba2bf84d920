"""A library asks which start method is in use, and from then on no program can choose one.

`set_start_method` may be called once in a program, and only as long as nothing has settled the
question. Asking settles it, and so does a queue, a lock or a value that is made without a context.
Then the second call, or the first that comes too late, raises a RuntimeError, even if it asks for
the method that is in use.

Two tutorials take it for granted that Linux forks. It did up to Python 3.13; since 3.14 the
default is forkserver, and code that nobody has touched runs under another method. So a program
that needs a method says so, and a library, and a test, leaves the default alone: `get_context`
makes queues, locks and processes of one method, and settles nothing.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_06_start_method.py --hazards=fail
"""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(*lines: str) -> tuple[str, str]:
    """What a fresh interpreter prints, and the last line of its errors."""
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(["import multiprocessing", *lines])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.stdout.strip(), (result.stderr.splitlines() or [""])[-1]


@pytest.mark.fact("default-start-method-changed")
def test_the_default_on_linux_is_fork_up_to_3_13_and_forkserver_from_3_14() -> None:
    default, _ = run("print(multiprocessing.get_start_method())")
    assert default == ("forkserver" if sys.version_info >= (3, 14) else "fork")


CHOOSE_SPAWN = (
    "multiprocessing.set_start_method('spawn')",
    "print(multiprocessing.get_start_method())",
)


@pytest.mark.hazard(
    "start-method-set-twice",
    match="RuntimeError: context has already been set",
    why="the start method belongs to the whole program, and is chosen once",
)
def test_the_start_method_cannot_be_set_to_what_it_is() -> None:
    chosen, error = run("multiprocessing.set_start_method('spawn')", *CHOOSE_SPAWN)
    assert chosen == "spawn", f"choosing spawn again ends with {error}"


@pytest.mark.fix("start-method-set-twice")
def test_a_context_is_chosen_as_often_as_one_likes() -> None:
    chosen, _ = run(
        "for method in 'spawn', 'fork', 'spawn':",
        "    context = multiprocessing.get_context(method)",
        "print(context.get_start_method())",
    )
    assert chosen == "spawn"


@pytest.mark.hazard(
    "start-method-frozen-early",
    match="RuntimeError: context has already been set",
    why="what is made, or asked, without a context takes the default, and that settles it",
)
@pytest.mark.parametrize("innocent", ["get_start_method()", "Queue()", "Value('i')"])
def test_after_an_innocent_call_the_program_can_no_longer_choose(innocent: str) -> None:
    chosen, error = run(f"multiprocessing.{innocent}", *CHOOSE_SPAWN)
    assert chosen == "spawn", f"choosing spawn after {innocent} ends with {error}"


@pytest.mark.fix("start-method-frozen-early")
def test_asking_with_allow_none_settles_nothing() -> None:
    chosen, _ = run("multiprocessing.get_start_method(allow_none=True)", *CHOOSE_SPAWN)
    assert chosen == "spawn"


@pytest.mark.fix("start-method-frozen-early")
def test_what_is_made_of_a_context_settles_nothing() -> None:
    chosen, _ = run("multiprocessing.get_context('fork').Queue()", *CHOOSE_SPAWN)
    assert chosen == "spawn"


# See also: c01_separate_memory/test_09_mixed_locks.py, for objects of one context that meet
# processes of another.
