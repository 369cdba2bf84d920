"""A child is terminated while it holds something, and its `finally` does not run.

One tutorial says of `terminate()` that it ends the child at once, whatever it is doing. Both halves
mislead. It sends a signal and returns: until `join()` has come back the child may well be alive.
And the child gets no chance to clear up, because the default action of SIGTERM ends the interpreter
where it stands: no `finally`, no `with` block is left, nothing registered with `atexit` is called,
what was put into a queue is not sent, and a lock that it held stays locked for everybody.

So ask politely: with an Event that the child looks at, or by making an exception of the signal.
`terminate()` is for those who do not answer.

    pytest -p pytest_concurrency examples/c03_processes/test_06_finally_skipped.py --hazards=fail
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest


def write_a_letter(desk: Path, ready: Any, stop: Any) -> None:
    draft = desk / "draft"
    draft.touch()
    try:
        ready.send("writing")
        stop.wait(timeout=30)
    finally:
        draft.unlink()


def leave(*_: object) -> None:
    sys.exit(0)  # an exception, raised where the child happens to be


def write_and_mind_the_signal(desk: Path, ready: Any, stop: Any) -> None:
    signal.signal(signal.SIGTERM, leave)
    write_a_letter(desk, ready, stop)


def start(mp_context: Any, target: Any, desk: Path, stop: Any) -> Any:
    """Start a child, and wait until it is inside its `try`."""
    news, ready = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=target, args=(desk, ready, stop), name="writer")
    child.start()
    assert news.poll(30)
    return child


@pytest.mark.hazard(
    "terminate-skips-finally",
    match=r"left \['draft'\] behind",
    why="SIGTERM ends the interpreter where it stands; `finally` is for exceptions",
)
def test_a_terminated_child_does_not_clear_its_desk(mp_context: Any, tmp_path: Path) -> None:
    stop = mp_context.Event()
    child = start(mp_context, write_a_letter, tmp_path, stop)
    child.terminate()
    child.join(timeout=30)
    left = [path.name for path in tmp_path.iterdir()]
    assert left == [], f"the child ended with exit code {child.exitcode} and left {left} behind"


@pytest.mark.fix("terminate-skips-finally")
def test_a_child_that_is_asked_to_stop_clears_its_desk(mp_context: Any, tmp_path: Path) -> None:
    stop = mp_context.Event()
    child = start(mp_context, write_a_letter, tmp_path, stop)
    stop.set()
    child.join(timeout=30)
    assert (child.exitcode, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.fix("terminate-skips-finally")
def test_a_handler_makes_an_exception_of_the_signal(mp_context: Any, tmp_path: Path) -> None:
    stop = mp_context.Event()
    child = start(mp_context, write_and_mind_the_signal, tmp_path, stop)
    child.terminate()
    child.join(timeout=30)
    assert (child.exitcode, list(tmp_path.iterdir())) == (0, [])


# See also: c03_processes/test_08_orphans.py, for the children of a child that is terminated.
