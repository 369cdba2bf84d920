"""Programs that send things to each other; imported by the processes themselves."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import connection
from threading import Timer
from typing import Any

from tests.unit.race.processes.kinds import Kind

# More than a pipe, or a socket, holds.
LARGE = bytes(1 << 20)


def one_queue(context: Any) -> Any:
    return context.Queue(), context.RawValue("i", 0)


def puts(state: Any) -> None:
    state[0].put("item")


def gets_twice(state: Any) -> None:
    state[0].get()
    state[0].get()


def gets_once(state: Any) -> None:
    state[0].get()


def gets_one_if_there_is(state: Any) -> None:
    if not state[0].empty():
        state[0].get()


def gets_one_or_nothing(state: Any) -> None:
    try:
        state[0].get(timeout=3600)
    except queue.Empty:
        state[1].value = 1


def got_it(state: Any) -> bool:
    return bool(state[1].value == 0)


def looks_after_its_put(state: Any) -> None:
    items, _ = state
    items.put("item")
    assert not items.empty(), "empty although an item was put"


def waits_after_its_put(state: Any) -> None:
    items, _ = state
    items.put("item")
    assert items.get() == "item"


def nothing(state: Any) -> None:
    pass


def full_queue(context: Any) -> Any:
    return context.Queue(1), context.RawValue("i", 0)


def puts_twice(state: Any) -> None:
    state[0].put(1)
    state[0].put(2)


def puts_much(state: Any) -> None:
    state[0].put(LARGE)


def gets_much(state: Any) -> None:
    assert len(state[0].get()) == len(LARGE)


def two_items(context: Any) -> Any:
    return context.Queue(), context.Queue()


def puts_a_first(state: Any) -> None:
    state[0].put("a")


def puts_b_first(state: Any) -> None:
    state[0].put("b")


def expects_a_first(state: Any) -> None:
    first, second = state[0].get(), state[0].get()
    assert first == "a", f"{first} came before {second}"


def takes_any_order(state: Any) -> None:
    assert {state[0].get(), state[0].get()} == {"a", "b"}


def simple_queue(context: Any) -> Any:
    return context.SimpleQueue(), context.Lock()


def gets_if_not_empty(state: Any) -> None:
    items, _ = state
    if not items.empty():
        items.get()


def gets_if_not_empty_alone(state: Any) -> None:
    items, lock = state
    with lock:
        if not items.empty():
            items.get()


def joinable(context: Any) -> Any:
    return context.JoinableQueue(), context.RawValue("i", 0)


def puts_and_joins(state: Any) -> None:
    tasks, _ = state
    tasks.put("task")
    tasks.join()


def does_a_task_unless_told_to_stop(state: Any) -> None:
    tasks, stop = state
    tasks.get()
    if not stop.value:
        tasks.task_done()


def does_a_task(state: Any) -> None:
    tasks, _ = state
    tasks.get()
    tasks.task_done()


def tells_to_stop(state: Any) -> None:
    state[1].value = 1


def pipe(context: Any) -> Any:
    return (*context.Pipe(duplex=False), context.RawValue("i", 0))


def receives(state: Any) -> None:
    state[0].recv()


def sends_unless_told_to_stop(state: Any) -> None:
    if not state[2].value:
        state[1].send("message")


def sends(state: Any) -> None:
    state[1].send("message")


def tells_the_sender_to_stop(state: Any) -> None:
    state[2].value = 1


def receives_large(state: Any) -> None:
    assert len(state[0].recv_bytes()) == len(LARGE)


def sends_large(state: Any) -> None:
    state[1].send_bytes(LARGE)


def polls(state: Any) -> None:
    assert state[0].poll(), "nothing there"


def polls_as_long_as_it_takes(state: Any) -> None:
    assert state[0].poll(None)
    state[0].recv()


def waits_for_one(state: Any) -> None:
    ready: list[Any] = connection.wait([state[0]])
    ready[0].recv()


def duplex(context: Any) -> Any:
    return context.Pipe()


def sends_first(state: Any) -> None:
    state[0].send_bytes(LARGE)
    state[0].recv_bytes()


def sends_first_too(state: Any) -> None:
    state[1].send_bytes(LARGE)
    state[1].recv_bytes()


def answers(state: Any) -> None:
    state[1].recv_bytes()
    state[1].send_bytes(LARGE)


def uses_a_pool(state: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(counts, state)


def counts(state: Any) -> None:
    state[1].value += 1


def uses_a_pool_of_one(state: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            pool.submit(counts, state)


def counted_two(state: Any) -> bool:
    return bool(state[1].value == 2)


def uses_a_timer(state: Any) -> None:
    timer = Timer(3600, counts, (state,))
    timer.start()
    counts(state)
    timer.join()


def uses_a_timer_first(state: Any) -> None:
    timer = Timer(3600, counts, (state,))
    timer.start()
    timer.join()
    counts(state)


DEADLOCK = "deadlock"
EXCEPTION = "exception in an actor"
KINDS = {
    "Queue.get": Kind(
        one_queue,
        (puts, gets_twice, gets_one_if_there_is),
        (puts, gets_once),
        None,
        DEADLOCK,
        ("waits in Queue#1.get() on line",),
    ),
    "Queue.get with a timeout": Kind(
        one_queue,
        (puts, gets_one_or_nothing),
        (puts, gets_once),
        got_it,
        "wrong result",
        ("gives up to wait in Queue#1.get(): the time",),
    ),
    "Queue.empty": Kind(
        one_queue,
        (looks_after_its_put, nothing),
        (waits_after_its_put, nothing),
        None,
        EXCEPTION,
        ("AssertionError: empty although an item was put",),
    ),
    "Queue.put": Kind(
        full_queue,
        (puts_twice, gets_one_if_there_is),
        (puts_twice, gets_once),
        None,
        DEADLOCK,
        ("Actor 0 waits in Queue#1.put() on line",),
    ),
    "a full queue that nobody reads": Kind(
        full_queue,
        (puts_twice, nothing),
        (puts_twice, gets_once),
        None,
        DEADLOCK,
        (
            "Actor 0 waits in Queue#1.put() on line",
            "Actor 0.0 waits for another item to write into the pipe of its queue",
        ),
    ),
    "a queue joined before it is drained": Kind(
        one_queue,
        (puts_much, nothing),
        (puts_much, gets_much),
        None,
        DEADLOCK,
        (
            "The process of actor 0 cannot end: the feeder thread of Queue#1, actor 0.0, waits "
            "for room in the pipe",
            "has to be drained before",
        ),
    ),
    "two producers": Kind(
        two_items,
        (puts_a_first, puts_b_first, expects_a_first),
        (puts_a_first, puts_b_first, takes_any_order),
        None,
        EXCEPTION,
        ("AssertionError: b came before a",),
    ),
    "SimpleQueue": Kind(
        simple_queue,
        (puts, gets_if_not_empty, gets_if_not_empty),
        (puts, gets_if_not_empty_alone, gets_if_not_empty_alone),
        None,
        DEADLOCK,
        ("waits in SimpleQueue#1.get() on line",),
    ),
    "JoinableQueue": Kind(
        joinable,
        (puts_and_joins, does_a_task_unless_told_to_stop, tells_to_stop),
        (puts_and_joins, does_a_task, tells_to_stop),
        None,
        DEADLOCK,
        ("Actor 0 waits in JoinableQueue#1.join() on line",),
    ),
    "Pipe": Kind(
        pipe,
        (receives, sends_unless_told_to_stop, tells_the_sender_to_stop),
        (receives, sends, tells_the_sender_to_stop),
        None,
        DEADLOCK,
        ("Actor 0 waits in Connection#1.recv() on line",),
    ),
    "a full Pipe": Kind(
        pipe,
        (nothing, sends_large),
        (receives_large, sends_large),
        None,
        DEADLOCK,
        ("Actor 1 waits in Connection#2.send_bytes() on line",),
    ),
    "poll": Kind(
        pipe,
        (polls, sends),
        (polls_as_long_as_it_takes, sends),
        None,
        EXCEPTION,
        ("AssertionError: nothing there",),
    ),
    "connection.wait": Kind(
        pipe,
        (waits_for_one, sends_unless_told_to_stop, tells_the_sender_to_stop),
        (waits_for_one, sends, tells_the_sender_to_stop),
        None,
        DEADLOCK,
        ("Actor 0 waits in wait() on line",),
    ),
    "a duplex Pipe": Kind(
        duplex,
        (sends_first, sends_first_too),
        (sends_first, answers),
        None,
        DEADLOCK,
        ("waits in Connection#1.send_bytes()", "waits in Connection#2.send_bytes()"),
    ),
    "ThreadPoolExecutor": Kind(
        one_queue,
        (uses_a_pool, nothing),
        (uses_a_pool_of_one, nothing),
        counted_two,
        "lost update",
        ("Actor 0.", "RawValue#1.value"),
    ),
    "Timer": Kind(
        one_queue,
        (uses_a_timer, nothing),
        (uses_a_timer_first, nothing),
        counted_two,
        "lost update",
        ("RawValue#1.value",),
    ),
}
