"""Programs on what a manager holds; imported by the processes themselves.

Each setup makes its objects in a manager that was started before.
"""

from __future__ import annotations

import contextlib
import queue
from typing import Any

from tests.unit.race.processes.kinds import Kind


def counts(manager: Any) -> Any:
    return manager.dict(n=0), manager.Lock()


def counts_in_a_dict(state: Any) -> None:
    numbers, _ = state
    numbers["n"] += 1


def counts_in_a_dict_alone(state: Any) -> None:
    with state[1]:
        counts_in_a_dict(state)


def counted_two(state: Any) -> bool:
    return bool(state[0]["n"] == 2)


def entries(manager: Any) -> Any:
    return manager.list([1, 2]), manager.RLock()


def removes_an_entry(state: Any) -> None:
    numbers, _ = state
    if len(numbers) > 1:
        numbers.pop()


def removes_an_entry_alone(state: Any) -> None:
    with state[1]:
        removes_an_entry(state)


def one_is_left(state: Any) -> bool:
    return len(state[0]) == 1


def namespace(manager: Any) -> Any:
    return manager.Namespace(total=0), manager.Semaphore(1)


def adds_to_a_namespace(state: Any) -> None:
    names, _ = state
    names.total += 1


def adds_to_a_namespace_alone(state: Any) -> None:
    state[1].acquire()
    adds_to_a_namespace(state)
    state[1].release()


def total_is_two(state: Any) -> bool:
    return bool(state[0].total == 2)


def value(manager: Any) -> Any:
    return manager.Value("i", 0), manager.Lock()


def increments(state: Any) -> None:
    number, _ = state
    number.value += 1


def increments_alone(state: Any) -> None:
    with state[1]:
        increments(state)


def is_two(state: Any) -> bool:
    return bool(state[0].value == 2)


def two_locks(manager: Any) -> Any:
    return manager.Lock(), manager.RLock()


def takes_both(state: Any) -> None:
    with state[0], state[1]:
        pass


def takes_both_the_other_way(state: Any) -> None:
    with state[1], state[0]:
        pass


def semaphore(manager: Any) -> Any:
    return (manager.Semaphore(2),)


def takes_two(state: Any) -> None:
    state[0].acquire()
    state[0].acquire()
    state[0].release()
    state[0].release()


def takes_one(state: Any) -> None:
    with state[0]:
        pass


def event(manager: Any) -> Any:
    return manager.Event(), manager.Value("b", False)


def waits_for_the_event(state: Any) -> None:
    state[0].wait()


def sets_it_unless_told_not_to(state: Any) -> None:
    if not state[1].value:
        state[0].set()


def tells_not_to(state: Any) -> None:
    state[1].value = True


def sets_it(state: Any) -> None:
    state[0].set()


def condition(manager: Any) -> Any:
    return manager.Condition(), manager.Value("b", False)


def waits_for_a_signal(state: Any) -> None:
    with state[0]:
        state[0].wait()


def signals(state: Any) -> None:
    with state[0]:
        state[0].notify()


def waits_for_a_fact(state: Any) -> None:
    with state[0]:
        while not state[1].value:
            state[0].wait()


def makes_it_a_fact(state: Any) -> None:
    with state[0]:
        state[1].value = True
        state[0].notify_all()


def one_queue(manager: Any) -> Any:
    return (manager.Queue(1),)


def puts_twice(state: Any) -> None:
    state[0].put(1)
    state[0].put(2)


def gets_one_if_there_is(state: Any) -> None:
    if not state[0].empty():
        state[0].get()


def gets_one(state: Any) -> None:
    state[0].get()


def gets_one_in_time(state: Any) -> None:
    state[0].get(timeout=3600)


def puts_one(state: Any) -> None:
    state[0].put(1)


def gets_one_or_nothing(state: Any) -> None:
    with contextlib.suppress(queue.Empty):
        gets_one_in_time(state)


LOST, DEADLOCK = "lost update", "deadlock"
KINDS = {
    "dict": Kind(
        counts,
        (counts_in_a_dict,) * 2,
        (counts_in_a_dict_alone,) * 2,
        counted_two,
        LOST,
        ("reads DictProxy#1['n'] = 0", "writes DictProxy#1['n'] = 1"),
    ),
    "list": Kind(
        entries,
        (removes_an_entry,) * 2,
        (removes_an_entry_alone,) * 2,
        one_is_left,
        "a race",
        ("pop() makes ListProxy#1 = [1] (was [1, 2])",),
    ),
    "Namespace": Kind(
        namespace,
        (adds_to_a_namespace,) * 2,
        (adds_to_a_namespace_alone,) * 2,
        total_is_two,
        LOST,
        ("reads NamespaceProxy#1.total = 0",),
    ),
    "Value": Kind(
        value,
        (increments,) * 2,
        (increments_alone,) * 2,
        is_two,
        LOST,
        ("reads ValueProxy#1.value = 0",),
    ),
    "Lock and RLock": Kind(
        two_locks,
        (takes_both, takes_both_the_other_way),
        (takes_both, takes_both),
        None,
        DEADLOCK,
        ("waits for RLock#1 on line", "which actor 1 has held since line", "Each waits for"),
    ),
    "Semaphore": Kind(
        semaphore,
        (takes_two, takes_two),
        (takes_one, takes_one),
        None,
        DEADLOCK,
        ("Actor 0 waits for Semaphore#1 on line",),
    ),
    "Event": Kind(
        event,
        (waits_for_the_event, sets_it_unless_told_not_to, tells_not_to),
        (waits_for_the_event, sets_it, tells_not_to),
        None,
        DEADLOCK,
        ("Actor 0 waits in EventProxy#1.wait() on line",),
    ),
    "Condition": Kind(
        condition,
        (waits_for_a_signal, signals),
        (waits_for_a_fact, makes_it_a_fact),
        None,
        "lost wake-up",
        ("Actor 1 called notify()", "began to wait in ConditionProxy#1.wait()"),
    ),
    "Queue": Kind(
        one_queue,
        (puts_twice, gets_one_if_there_is),
        (puts_twice, gets_one),
        None,
        DEADLOCK,
        ("Actor 0 waits in Queue#1.put() on line",),
    ),
    "a timeout": Kind(
        one_queue,
        (gets_one_in_time, puts_one),
        (gets_one_or_nothing, puts_one),
        None,
        "exception in an actor",
        ("gives up to wait in Queue#1.get(): the time",),
    ),
}
