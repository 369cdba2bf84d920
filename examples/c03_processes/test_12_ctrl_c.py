"""Ctrl-C is meant for the program, and interrupts its workers in the middle of their work as well.

One expects the main program to be interrupted, and to decide what becomes of its workers. But the
terminal sends SIGINT to every process of the group in the foreground, and children belong to it.
Each of them gets a KeyboardInterrupt wherever it happens to be, and prints a traceback of its own
between those of the others: that is why one Ctrl-C can fill a screen.

A worker that ignores SIGINT leaves the decision to the main program. That one now has to make it:
it must end its workers itself, here by an Event, also when the wait for them is interrupted.

    pytest -p pytest_concurrency examples/c03_processes/test_12_ctrl_c.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

# The script has a session of its own, so its group holds itself and its children, nobody else.
PROGRAM = """
import os, signal, sys
from multiprocessing import Event, Pipe, Process

def work(ready, stop, mode):
    if mode == "ignoring":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ready.send("working")
        stop.wait(30)
        print("the worker has finished")
    except KeyboardInterrupt:
        print("the worker was interrupted")
        raise SystemExit(1) from None

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    news, ready = Pipe(duplex=False)
    stop = Event()
    worker = Process(target=work, args=(ready, stop, sys.argv[1]))
    worker.start()
    try:
        assert news.poll(30)
        os.killpg(0, signal.SIGINT)  # what a terminal does at Ctrl-C
        worker.join(30)
    except KeyboardInterrupt:
        if sys.argv[1] == "ignoring":
            stop.set()
        worker.join(30)
        print("the program was interrupted; its worker has exit code", worker.exitcode)
"""


@pytest.mark.hazard(
    "ctrl-c-reaches-every-process",
    match="the worker was interrupted",
    why="the terminal sends SIGINT to the whole group of processes, children included",
)
def test_ctrl_c_interrupts_the_worker_too(run_script: Any) -> None:
    result = run_script(PROGRAM, "simple").check()
    assert "the worker was interrupted" not in result.stdout, result.stdout


@pytest.mark.fix("ctrl-c-reaches-every-process")
def test_a_worker_that_ignores_it_is_asked_to_finish(run_script: Any) -> None:
    result = run_script(PROGRAM, "ignoring").check()
    assert result.stdout.splitlines() == [
        "the worker has finished",
        "the program was interrupted; its worker has exit code 0",
    ]


# See also: c03_processes/test_06_finally_skipped.py, for the signal that terminate() sends.
