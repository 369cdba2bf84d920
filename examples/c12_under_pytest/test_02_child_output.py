"""A child prints a line, and the test that asks capsys for it gets nothing.

`capsys` replaces `sys.stdout` by an object that keeps what is written. That is an object of this
process. A forked child writes into its own copy of it, which is gone when the child ends; a child
that is spawned has a `sys.stdout` of its own, which leads to file descriptor 1.

`capfd` works one floor below: it redirects the descriptor itself, and a child that is forked or
spawned inherits that. A child of a fork server inherits the descriptors of the server, which was
started by some test before, and writes where that one wrote. What `run_in_process` runs is captured
like the test's own output, by capsys too, under every start method.

    pytest -p pytest_concurrency examples/c12_under_pytest/test_02_child_output.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest


def say_hello() -> None:
    print("hello", flush=True)


def run_child(mp_context: Any) -> None:
    child = mp_context.Process(target=say_hello)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "capsys-misses-child-output",
    match="the child says hello, and capsys has ''",
    why="capsys replaces sys.stdout of this process, and the child does not write there",
)
def test_capsys_does_not_see_what_a_child_prints(
    mp_context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run_child(mp_context)
    output = capsys.readouterr().out
    assert output == "hello\n", f"the child says hello, and capsys has {output!r}"


@pytest.mark.fix("capsys-misses-child-output")
@pytest.mark.start_method("fork", "spawn")  # a fork server keeps the descriptors that it began with
def test_capfd_sees_it(mp_context: Any, capfd: pytest.CaptureFixture[str]) -> None:
    run_child(mp_context)
    assert capfd.readouterr().out == "hello\n"


@pytest.mark.fix("capsys-misses-child-output")
def test_run_in_process_hands_it_to_capsys(
    run_in_process: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run_in_process(say_hello)
    assert capsys.readouterr().out == "hello\n"


# See also: c12_under_pytest/test_01_child_assert.py, for the errors of a child.
