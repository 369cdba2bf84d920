"""A child process is made and ends with success, and the parent has done all the work itself.

Two slips look almost right and raise nothing. With `target=work()` the brackets call the function
at once, in the parent; what it returns, None, becomes the target, and a process without a target
is allowed: it starts, does nothing and ends with exit code 0. With `child.run()` the right function
is called, but by the parent as well: only `start()` makes a new process, in which `run()` is then
called.

So an exit code of 0 does not say that the child did anything. Here the work signs with the name of
the process that it runs in.

    pytest -p pytest_concurrency examples/c03_processes/test_01_work_stays_at_home.py --hazards=fail
"""

from __future__ import annotations

from multiprocessing import current_process
from typing import Any

import pytest


def work(answers: Any) -> None:
    answers.send(current_process().name)


def read(answers: Any) -> str:
    assert answers.poll(30), "nobody did the work"
    return str(answers.recv())


@pytest.mark.hazard(
    "target-called-instead-of-passed",
    match="was done by MainProcess",
    why="the brackets call the function before there is a child, which then gets target=None",
)
def test_brackets_behind_the_target_do_the_work_in_the_parent(mp_context: Any) -> None:
    answers, sender = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=work(sender), name="helper")  # type: ignore[func-returns-value]
    child.start()
    child.join(timeout=30)
    worker = read(answers)
    assert worker == "helper", (
        f"helper ended with exit code {child.exitcode}, and the work was done by {worker}"
    )


@pytest.mark.fix("target-called-instead-of-passed")
def test_a_target_without_brackets_is_called_in_the_child(mp_context: Any) -> None:
    answers, sender = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=work, args=(sender,), name="helper")
    child.start()
    assert read(answers) == "helper"
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "run-called-directly",
    match="was done by MainProcess",
    why="run() is what the child will do; called by the parent, it is done in the parent",
)
def test_run_makes_no_process(mp_context: Any) -> None:
    answers, sender = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=work, args=(sender,), name="helper")
    child.run()
    worker = read(answers)
    assert worker == "helper", f"helper has pid {child.pid}, and the work was done by {worker}"


@pytest.mark.fix("run-called-directly")
def test_start_makes_the_process_that_calls_run(mp_context: Any) -> None:
    answers, sender = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=work, args=(sender,), name="helper")
    child.start()
    assert read(answers) == "helper"
    child.join(timeout=30)
    assert child.exitcode == 0


# See also: c03_processes/test_02_child_error_unseen.py, for a child that fails unseen.
