"""Programs that wait for each other; imported by the processes themselves."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any

from tests.unit.race.processes.kinds import Kind


def two_locks(context: Any) -> Any:
    return context.Lock(), context.RLock()


def takes_both(locks: Any) -> None:
    with locks[0], locks[1]:
        pass


def takes_both_the_other_way(locks: Any) -> None:
    with locks[1], locks[0]:
        pass


def two_values(context: Any) -> Any:
    return context.Value("i", 0), context.Value("i", 0)


def adds(values: Any) -> None:
    with values[0].get_lock(), values[1].get_lock():
        values[1].value += values[0].value


def adds_the_other_way(values: Any) -> None:
    with values[1].get_lock(), values[0].get_lock():
        values[0].value += values[1].value


def semaphore(context: Any) -> Any:
    return context.Semaphore(2), context.Value("i", 0)


def takes_two(state: Any) -> None:
    tickets, _ = state
    tickets.acquire()
    tickets.acquire()
    tickets.release()
    tickets.release()


def takes_one(state: Any) -> None:
    tickets, _ = state
    with tickets:
        pass


def bounded(context: Any) -> Any:
    return context.BoundedSemaphore(1), context.Value("i", 0)


def releases_once_too_often(state: Any) -> None:
    tickets, _ = state
    tickets.acquire()
    tickets.release()
    tickets.release()


def condition(context: Any) -> Any:
    return context.Condition(), context.RawValue("b", 0)


def waits_for_a_signal(state: Any) -> None:
    ready, _ = state
    with ready:
        ready.wait()


def signals(state: Any) -> None:
    ready, _ = state
    with ready:
        ready.notify()


def waits_for_a_fact(state: Any) -> None:
    ready, flag = state
    with ready:
        while not flag.value:
            ready.wait()


def makes_it_a_fact(state: Any) -> None:
    ready, flag = state
    with ready:
        flag.value = 1
        ready.notify_all()


def event(context: Any) -> Any:
    return context.Event(), context.RawValue("i", 0)


def waits_for_the_event(state: Any) -> None:
    ready, _ = state
    ready.wait()


def sets_it_if_nobody_was_there(state: Any) -> None:
    ready, guests = state
    if not guests.value:
        ready.set()


def comes_as_a_guest(state: Any) -> None:
    _, guests = state
    guests.value = 1


def sets_it(state: Any) -> None:
    state[0].set()


def barrier(context: Any) -> Any:
    return context.Barrier(2), context.RawValue("i", 0)


def meets(state: Any) -> None:
    meeting, _ = state
    meeting.wait()


def meets_unless_late(state: Any) -> None:
    meeting, late = state
    if late.value:
        return
    meeting.wait()


def makes_late(state: Any) -> None:
    state[1].value = 1


def event_and_value(context: Any) -> Any:
    return context.Event(), context.RawValue("i", 0), context.Lock()


def gives_up_after_an_hour(state: Any) -> None:
    ready, *_ = state
    assert ready.wait(timeout=3600), "nobody came"


def comes_in_time(state: Any) -> None:
    state[0].set()


def waits_as_long_as_it_takes(state: Any) -> None:
    state[0].wait()


def counts(state: Any) -> None:
    state[1].value += 1


def starts_threads(state: Any) -> None:
    threads = [threading.Thread(target=counts, args=(state,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counts_alone(state: Any) -> None:
    with state[2]:
        state[1].value += 1


def starts_careful_threads(state: Any) -> None:
    threads = [threading.Thread(target=counts_alone, args=(state,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counted_two(state: Any) -> bool:
    return bool(state[1].value == 2)


def nothing(state: Any) -> None:
    assert multiprocessing.parent_process() is not None


DEADLOCK = "deadlock"
KINDS = {
    "Lock and RLock": Kind(
        two_locks,
        (takes_both, takes_both_the_other_way),
        (takes_both, takes_both),
        None,
        DEADLOCK,
        ("which actor 1 has held since line", "Each waits for the other, for ever"),
    ),
    "locks of values": Kind(
        two_values,
        (adds, adds_the_other_way),
        (adds, adds),
        None,
        DEADLOCK,
        ("Actor 0 waits for Value#2", "Actor 1 waits for Value#1", "Each waits for the other"),
    ),
    "Semaphore": Kind(
        semaphore,
        (takes_two, takes_two),
        (takes_one, takes_one),
        None,
        DEADLOCK,
        ("Actor 0 waits for Semaphore#1 on line", "Actor 1 waits for Semaphore#1 on line"),
    ),
    "BoundedSemaphore": Kind(
        bounded,
        (takes_one, releases_once_too_often),
        (takes_one, takes_one),
        None,
        "exception in an actor",
        ("ValueError: semaphore or lock released too many times",),
    ),
    "Condition": Kind(
        condition,
        (waits_for_a_signal, signals),
        (waits_for_a_fact, makes_it_a_fact),
        None,
        "lost wake-up",
        ("Actor 1 called notify()", "began to wait in Condition#1.wait()"),
    ),
    "Event": Kind(
        event,
        (waits_for_the_event, sets_it_if_nobody_was_there, comes_as_a_guest),
        (waits_for_the_event, sets_it, comes_as_a_guest),
        None,
        DEADLOCK,
        ("Actor 0 waits in Event#1.wait() on line", "Nobody is left who could wake it"),
    ),
    "Barrier": Kind(
        barrier,
        (meets, meets_unless_late, makes_late),
        (meets, meets, makes_late),
        None,
        DEADLOCK,
        ("Actor 0 waits in Barrier#1.wait() on line",),
    ),
    "a timeout": Kind(
        event_and_value,
        (gives_up_after_an_hour, comes_in_time),
        (waits_as_long_as_it_takes, comes_in_time),
        None,
        "exception in an actor",
        ("AssertionError: nobody came",),
    ),
    "threads of an actor": Kind(
        event_and_value,
        (starts_threads, nothing),
        (starts_careful_threads, nothing),
        counted_two,
        "lost update",
        ("Actor 0.0 ", "actor 0.1 ", "RawValue#1.value"),
    ),
}
