"""Actors that end in every way there is, importable in a spawned process."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from typing import Any, NoReturn

from tests.unit.race.processes.small_sample import Setup, State, add

LIBC = ctypes.CDLL(None)


def look(state: State) -> None:
    seen = state.value.value
    assert seen >= 0


def exit_if_seen(state: State) -> None:
    """Dies in one interleaving only."""
    before = state.value.value
    if state.value.value != before:
        os._exit(3)
    state.value.value = before + 1


def exit_with_locks(state: State) -> None:
    with state.other:
        with state.other:
            pass
        with state.lock:
            if state.value.value == 1:
                os._exit(4)


def one_then_lock(state: State) -> None:
    state.value.value = 1
    with state.lock:
        pass


def exit_while_waited_for(state: State) -> None:
    with state.lock:
        state.event.wait()
        os._exit(4)


def set_and_lock(state: State) -> None:
    state.event.set()
    with state.lock:
        pass


class WithQueue(Setup):
    """Makes states that have a queue as well."""

    def __call__(self) -> Any:
        state: Any = super().__call__()
        state.queue = self.context.SimpleQueue()
        return state


def put_more_than_fits(state: Any) -> None:
    state.value.value = os.getpid()
    state.queue.put(bytes(1_000_000))


def terminate_and_get(state: Any) -> None:
    if state.value.value:
        os.kill(state.value.value, signal.SIGTERM)
    state.queue.get()


def crash(state: State) -> None:
    add(state)
    ctypes.string_at(0)


def end_by_signal(state: State) -> None:
    add(state)
    os.kill(os.getpid(), signal.SIGTERM)


def exit_at_once(state: State) -> None:
    os._exit(5)


def exit_once(state: State) -> None:
    """Dies the first time, as if killed from outside."""
    add(state)
    if not os.path.exists(state.path):
        open(state.path, "x").close()
        os.kill(os.getpid(), signal.SIGKILL)


def leave_a_child(state: State) -> None:
    """Dies, and leaves a process behind that holds its pipes open."""
    pid = os.fork()
    if not pid:
        time.sleep(100)
    with open(state.path, "a") as file:
        print(pid, file=file)
    os._exit(6)


# Without an end.


def loop_visibly(state: State) -> None:
    while state.value.value >= 0:
        pass


def loop_silently(state: State) -> None:
    add(state)
    while True:
        pass


def ignore_everything(state: State) -> NoReturn:
    while True:
        with contextlib.suppress(BaseException):
            state.value.value += 1


def ignore_when_waiting(state: State) -> NoReturn:
    """Ends never: it is waiting for a lock whenever its run is over."""
    state.lock.acquire()
    while True:
        with contextlib.suppress(BaseException):
            state.lock.acquire()


def sleep_in_c(state: State) -> None:
    add(state)
    LIBC.sleep(100)


def lock_a_file(state: State) -> None:
    """Blocks in C while another actor is parked with the lock, and goes on afterwards."""
    with open(state.path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        state.value.value += 1
        state.value.value += 1


def read_a_socket(state: State) -> None:
    import socket

    one, _other = socket.socketpair()
    add(state)
    one.recv(1)


# Exceptions.


class Unpicklable(Exception):
    """Cannot be sent."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")
        self.lock = threading.Lock()


def fail(state: State) -> None:
    add(state)
    raise ValueError("in an actor")


def fail_unpicklably(state: State) -> None:
    raise Unpicklable(1, 2)


def leave_with_code(state: State) -> None:
    sys.exit(7)


def leave_with_text(state: State) -> None:
    sys.exit("no more")


def leave_in_peace(state: State) -> None:
    sys.exit()


# What cannot be loaded.


def _fail_to_load() -> NoReturn:
    raise RuntimeError("not here")


class Unloadable:
    """Pickles, and does not unpickle."""

    def __reduce__(self) -> Any:
        return _fail_to_load, ()


def unloadable() -> Unloadable:
    return Unloadable()
