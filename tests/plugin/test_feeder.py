"""`Queue.put` of something that cannot be pickled fails the test that put it."""

from __future__ import annotations

import pytest

RUN = ("-p", "pytest_concurrency", "-p", "no:cacheprovider", "-q", "-W", "error")

CODE = """
import queue, threading
import pytest

def test_put_and_wait_for_ever(mp_context):
    q = mp_context.Queue()
    q.put([1, threading.Lock()])
    q.get()

def test_put_and_go_on(mp_context):
    q = mp_context.Queue()
    q.put(lambda: 1)

def test_put_another(mp_context):
    q = mp_context.Queue()
    q.put(lambda: 1)
    q.put(2)
    assert q.get(timeout=10) == 2

def test_joinable(mp_context):
    q = mp_context.JoinableQueue()
    q.put(lambda: 1)
    q.join()

def test_own_failure_comes_first(mp_context):
    q = mp_context.Queue()
    q.put(lambda: 1)
    with pytest.raises(queue.Empty):
        q.get(timeout=0.01)
    assert False, "the test's own"

def test_next_test_is_not_blamed(mp_context):
    q = mp_context.Queue()
    q.put(1)
    assert q.get(timeout=10) == 1
"""


def test_the_test_fails(pytester: pytest.Pytester, start_method: str) -> None:
    pytester.makepyfile(CODE)
    result = pytester.runpytest_subprocess(*RUN, f"--start-method={start_method}", timeout=60)
    result.assert_outcomes(passed=1, failed=5)
    result.stdout.fnmatch_lines(["E * TypeError: cannot pickle '_thread.lock' object"])
    result.stdout.fnmatch_lines(["E * item[[]1] is a lock*"])
    assert result.stdout.str().count("  item is a lambda (test_the_test_fails.py:") == 4


def test_a_signal_handler_of_the_user_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import signal, threading

        def test_it(mp_context):
            seen = []
            old = signal.signal(signal.SIGURG, lambda *_: seen.append(1))
            try:
                q = mp_context.Queue()
                q.put(1)
                assert q.get(timeout=10) == 1
                assert not seen
            finally:
                signal.signal(signal.SIGURG, old)
        """
    )
    pytester.runpytest_subprocess(*RUN, "--start-method=fork").assert_outcomes(passed=1)
