"""Every primitive behaves under the scheduler as the real one does, and is the real one again."""

from __future__ import annotations

import concurrent.futures
import gc
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_concurrency.race.detector import Race, RaceResult

EARLY_LOCK = threading.Lock()
EARLY_RLOCK = threading.RLock()
EARLY_CONDITION = threading.Condition()
EARLY_EVENT = threading.Event()
EARLY_SEMAPHORE = threading.BoundedSemaphore(1)
EARLY_QUEUE: queue.Queue[int] = queue.Queue()
EARLY_SIMPLE: queue.SimpleQueue[int] = queue.SimpleQueue()
LOCAL = threading.local()

PATCHED = [
    (type(EARLY_LOCK), ("acquire", "release", "__enter__", "__exit__", "acquire_lock")),
    (type(EARLY_RLOCK), ("acquire", "release", "_release_save", "_acquire_restore")),
    (queue.SimpleQueue, ("put", "get", "put_nowait", "get_nowait")),
    (threading.Thread, ("start", "join", "is_alive")),
    (threading.Condition, ("wait", "acquire", "release", "_is_owned")),
]


def everything_patched() -> list[object]:
    methods = [vars(owner).get(name) for owner, names in PATCHED for name in names]
    clocks = [time.sleep, time.monotonic, time.time, vars(threading)["_time"], vars(queue)["time"]]
    return [*methods, *clocks]


def global_state() -> list[object]:
    tools: list[object] = []
    if sys.version_info >= (3, 12):
        tools = [
            (sys.monitoring.get_tool(n), sys.monitoring.get_events(n))
            for n in (3, 4)
            if sys.monitoring.get_tool(n)
        ]
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return [
        gc.isenabled(),
        gc.get_freeze_count(),
        affinity,
        sys.gettrace(),
        threading.enumerate(),
        tools,
    ]


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    methods, others = everything_patched(), global_state()
    yield
    after = everything_patched()
    assert all(one is other for one, other in zip(methods, after, strict=True))
    assert global_state() == others


def run(*actors: Callable[..., object], runs: int = 20, **given: Any) -> RaceResult:
    race = Race(seed=1, strategy="random", runs=runs, raise_on_finding=False)
    return race.threads(*actors, **given)


def passes(*actors: Callable[..., object], **given: Any) -> None:
    result = run(*actors, **given)
    assert result.finding is None, str(result)
    assert result.notes == ()
    assert not result.evidence.lost


def counts_under(lock: Any) -> None:
    """Passes if a lock keeps actors from reading and writing at the same time."""

    def add(state: dict[str, int]) -> None:
        with lock:
            state["n"] = state["n"] + 1

    passes(add, add, setup=lambda: {"n": 0}, check=lambda state: state["n"] == 2)
    assert run(add, add, setup=lambda: {"n": 0}, check=lambda state: state["n"] == 2).runs > 20


@pytest.mark.parametrize("lock", [EARLY_LOCK, EARLY_RLOCK, EARLY_CONDITION, EARLY_SEMAPHORE])
def test_locks_made_before_the_run_exclude(lock: Any) -> None:
    counts_under(lock)


def test_an_rlock_that_is_released_once_of_twice_wakes_nobody() -> None:
    """Who was woken and found it taken was forgotten: it seemed to wait for ever."""

    class Counter:
        def __init__(self) -> None:
            self.lock = threading.RLock()
            self.value = 0

    def add(counter: Counter) -> None:
        with counter.lock:
            counter.value += 1

    def add_two(counter: Counter) -> None:
        with counter.lock:
            add(counter)
            add(counter)

    passes(add_two, add_two, add_two, setup=Counter, check=lambda counter: counter.value == 6)


def test_who_holds_an_rlock_is_told_after_it_was_released_once_of_twice() -> None:
    class Locks:
        def __init__(self) -> None:
            self.again = threading.RLock()
            self.plain = threading.Lock()

    def again_first(locks: Locks) -> None:
        with locks.again:
            with locks.again:
                pass
            with locks.plain:
                pass

    def plain_first(locks: Locks) -> None:
        with locks.plain, locks.again:
            pass

    finding = run(again_first, plain_first, setup=Locks).finding
    assert finding is not None
    assert "which actor 0 has held" in finding.text
    assert "which actor 1 has held" in finding.text


def lock_methods() -> None:
    for lock in (threading.Lock(), threading.RLock()):
        assert lock.acquire()
        lock.release()
        with pytest.raises(RuntimeError):
            lock.release()
        for arguments in ((False, 1), (True, -5)):
            with pytest.raises(ValueError):  # noqa: PT011 - the text is CPython's
                lock.acquire(*arguments)
        with pytest.raises((TypeError, ValueError)):
            lock.acquire("no", "number")  # type: ignore[arg-type]
    plain = threading.Lock()
    assert plain.acquire(False)
    assert plain.locked()
    assert not plain.acquire(False)
    assert not plain.acquire(timeout=3600)
    plain.release()
    again = threading.RLock()
    with again, again:
        pass


def semaphore_methods() -> None:
    semaphore = threading.Semaphore(2)
    assert semaphore.acquire()
    assert semaphore.acquire(blocking=False)
    assert not semaphore.acquire(blocking=False)
    assert not semaphore.acquire(timeout=3600)
    semaphore.release(2)
    bounded = threading.BoundedSemaphore(1)
    with bounded:
        pass
    with pytest.raises(ValueError, match="released too many times"):
        bounded.release()
    with pytest.raises(ValueError, match=">= 0"):
        threading.Semaphore(-1)


def condition_and_event_methods() -> None:
    condition = threading.Condition()
    with pytest.raises(RuntimeError):
        condition.wait()
    with pytest.raises(RuntimeError):
        condition.notify()
    with condition:
        assert not condition.wait(timeout=3600)
        assert not condition.wait_for(lambda: False, timeout=3600)
        assert condition.wait_for(lambda: True)
    event = threading.Event()
    assert not event.wait(3600)
    event.set()
    assert event.is_set()
    assert event.wait()
    event.clear()
    assert not event.is_set()


def queue_methods() -> None:
    for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
        small: queue.Queue[int] = kind(1)
        small.put(1)
        with pytest.raises(queue.Full):
            small.put(2, timeout=3600)
        with pytest.raises(queue.Full):
            small.put_nowait(2)
        assert small.get() == 1
        small.task_done()
        small.join()
        with pytest.raises(ValueError, match="too many times"):
            small.task_done()
        with pytest.raises(ValueError, match="non-negative"):
            small.get(timeout=-1)
        with pytest.raises(queue.Empty):
            small.get(timeout=3600)
        with pytest.raises(queue.Empty):
            small.get_nowait()
    simple: queue.SimpleQueue[int] = queue.SimpleQueue()
    simple.put(1)
    simple.put_nowait(2)
    assert [simple.get(), simple.get_nowait()] == [1, 2]
    for arguments in ((False,), (True, 3600)):
        with pytest.raises(queue.Empty):
            simple.get(*arguments)
    with pytest.raises(ValueError, match="non-negative"):
        simple.get(True, -1)


def thread_methods() -> None:
    seen: list[int] = []
    thread = threading.Thread(target=seen.append, args=(1,))
    with pytest.raises(RuntimeError):
        thread.join()
    thread.start()
    with pytest.raises(RuntimeError):
        thread.start()
    thread.join()
    assert seen == [1]
    assert not thread.is_alive()
    with pytest.raises(RuntimeError):
        threading.current_thread().join()
    gate = threading.Event()
    waiting = threading.Thread(target=gate.wait)
    waiting.start()
    waiting.join(3600)
    assert waiting.is_alive()
    gate.set()
    waiting.join()


def timer_barrier_and_sleep() -> None:
    rung = threading.Event()
    threading.Timer(3600, rung.set).start()
    assert rung.wait()
    cancelled = threading.Timer(3600, rung.clear)
    cancelled.start()
    cancelled.cancel()
    cancelled.join()
    assert rung.is_set()
    barrier = threading.Barrier(2)
    other = threading.Thread(target=barrier.wait)
    other.start()
    barrier.wait()
    other.join()
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(timeout=3600)
    assert barrier.broken
    before = time.monotonic()
    time.sleep(3600)
    assert time.monotonic() - before >= 3600
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


def future_methods() -> None:
    gate = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        powers = [pool.submit(pow, 2, n) for n in range(3)]
        assert {each.result() for each in concurrent.futures.as_completed(powers)} == {1, 2, 4}
        stuck = pool.submit(gate.wait)
        with pytest.raises(concurrent.futures.TimeoutError):
            stuck.result(timeout=3600)
        done, rest = concurrent.futures.wait([stuck, powers[0]], timeout=3600)
        assert (done, rest) == ({powers[0]}, {stuck})
        gate.set()
        assert stuck.result()
        failed = pool.submit(int, "no number")
        assert isinstance(failed.exception(), ValueError)
        assert list(pool.map(abs, [-1, -2])) == [1, 2]


METHODS = [
    lock_methods,
    semaphore_methods,
    condition_and_event_methods,
    queue_methods,
    thread_methods,
    timer_barrier_and_sleep,
    future_methods,
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.__name__))
def test_does_as_the_real_one_when_every_timeout_waits(method: Callable[[], None]) -> None:
    """In order, a timeout wins only when nobody else can go on."""
    result = Race(seed=1, strategy="pct", runs=1, raise_on_finding=False).program(method)
    assert result.finding is None, str(result)
    assert result.notes == ()
    assert not result.evidence.lost


@pytest.mark.parametrize("kind", ["queue", "simple"])
def test_queues_made_before_the_run_keep_the_order(kind: str) -> None:
    line: Any = EARLY_QUEUE if kind == "queue" else EARLY_SIMPLE

    def send(_: list[int]) -> None:
        for number in range(3):
            line.put(number)

    def receive(got: list[int]) -> None:
        got.extend(line.get() for _ in range(3))

    passes(send, receive, setup=list, check=lambda got: got == [0, 1, 2])


def test_condition_and_event_made_before_the_run_wake() -> None:
    def wait(state: dict[str, int]) -> None:
        with EARLY_CONDITION:
            while "ready" not in state:
                EARLY_CONDITION.wait()
        EARLY_EVENT.wait()
        EARLY_EVENT.clear()

    def notify(state: dict[str, int]) -> None:
        with EARLY_CONDITION:
            state["ready"] = 1
            EARLY_CONDITION.notify_all()
        EARLY_EVENT.set()

    passes(wait, notify, setup=dict)


def test_a_local_is_empty_in_every_run() -> None:
    def use() -> None:
        assert not hasattr(LOCAL, "value")
        LOCAL.value = 1

    passes(use, use)


def test_a_deadlock_is_found_and_nothing_stays_locked() -> None:
    def take(first: Any, second: Any) -> Callable[[], None]:
        def taking() -> None:
            with first, second:
                pass

        return taking

    one, other = EARLY_LOCK, EARLY_RLOCK
    result = run(take(one, other), take(other, one), runs=200)
    assert result.finding is not None
    assert result.finding.name == "deadlock"
    assert not one.locked()
    assert other.acquire(blocking=False)
    other.release()


def test_what_blocks_in_the_system_is_recognised_and_the_others_go_on() -> None:
    def read(pipe: tuple[int, int]) -> None:
        os.read(pipe[0], 1)

    def write(pipe: tuple[int, int]) -> None:
        os.write(pipe[1], b"x")

    def closed(pipe: tuple[int, int]) -> bool:
        for end in pipe:
            os.close(end)
        return True

    result = run(read, write, runs=1, setup=os.pipe, check=closed)
    assert result.finding is None
    assert "os.read" in result.evidence.lost
    assert "read" in result.evidence.sentence


def test_a_subprocess_is_recognised_as_well() -> None:
    def call(_: list[int]) -> None:
        subprocess.run([sys.executable, "-c", "input()"], input=b"\n", check=True)

    def add(numbers: list[int]) -> None:
        numbers.append(1)

    result = run(call, add, runs=1, setup=list, check=lambda numbers: numbers == [1])
    assert result.finding is None


@pytest.mark.parametrize("where", ["actor", "setup", "check"])
def test_restores_everything_when_something_raises(where: str) -> None:
    calls = 0

    def fails(here: str) -> None:
        nonlocal calls
        calls += here == where
        if here == where and calls == 5:
            raise KeyError(here)

    def act(_: object) -> None:
        with EARLY_LOCK:
            fails("actor")

    given: dict[str, Any] = {"setup": lambda: fails("setup"), "check": lambda _: fails("check")}
    with pytest.raises((KeyError, AssertionError)):
        run(act, act, **given)
    assert not EARLY_LOCK.locked()
