"""A child puts a report and exits at once, and the report is lost.

`put` has returned, so one expects the report to be in the queue. But `put` only hands it to the
feeder thread of the child, which pickles and sends it a little later. `os._exit()` ends the process
with all its threads, in the middle of whatever they do; so does a signal such as SIGKILL.

By nature the report is lost nearly always. Here it takes long to pickle, and it is lost always.

A process that ends normally waits for its feeder: by returning, by an exception, by `sys.exit()`.
Where it must be `os._exit()`, `queue.close()` and `queue.join_thread()` wait for it; or a
`SimpleQueue` is used, which has no feeder: its put returns when everything is in the pipe.

    pytest -p pytest_concurrency examples/c06_pipes_and_queues/test_05_hard_exit.py --hazards=fail
"""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # SimpleQueue.get() takes no timeout


class Report:
    """Takes as long to pickle as its gate is closed; a large object takes long by itself."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        self.gate.wait(timeout=30)
        return str, ("all is well",)


def run_child(mp_context: Any, target: Any, reports: Any) -> None:
    child = mp_context.Process(target=target, args=(reports,))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


def put_and_exit_hard(reports: Any) -> None:
    reports.put(Report())
    os._exit(0)


@pytest.mark.hazard(
    "queue-data-lost-on-hard-exit",
    match="nothing arrived",
    why="put() only gave it to a thread of the child, which ended before it had sent it",
)
def test_a_report_is_lost_when_its_process_exits_hard(mp_context: Any) -> None:
    reports = mp_context.Queue()
    run_child(mp_context, put_and_exit_hard, reports)
    assert not reports.empty(), "the child put a report and ended, and nothing arrived"


def put_and_return(reports: Any) -> None:
    report = Report()
    reports.put(report)
    report.gate.set()


@pytest.mark.fix("queue-data-lost-on-hard-exit")
def test_a_child_that_returns_sends_everything_first(mp_context: Any) -> None:
    reports = mp_context.Queue()
    run_child(mp_context, put_and_return, reports)
    assert reports.get(timeout=30) == "all is well"


def put_wait_and_exit_hard(reports: Any) -> None:
    report = Report()
    reports.put(report)
    report.gate.set()
    reports.close()
    reports.join_thread()
    os._exit(0)


@pytest.mark.fix("queue-data-lost-on-hard-exit")
def test_a_child_that_waits_for_its_feeder_may_exit_hard(mp_context: Any) -> None:
    reports = mp_context.Queue()
    run_child(mp_context, put_wait_and_exit_hard, reports)
    assert reports.get(timeout=30) == "all is well"


def put_at_once_and_exit_hard(reports: Any) -> None:
    reports.put("all is well")
    os._exit(0)


@pytest.mark.fix("queue-data-lost-on-hard-exit")
def test_a_simple_queue_has_sent_it_when_put_returns(mp_context: Any) -> None:
    reports = mp_context.SimpleQueue()
    run_child(mp_context, put_at_once_and_exit_hard, reports)
    assert reports.get() == "all is well"


# See also: c06_pipes_and_queues/test_01_empty_queue.py, for the same delay with a process that
# lives on.
