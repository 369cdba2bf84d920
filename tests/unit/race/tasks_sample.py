"""Programs of tasks, one broken and one fixed for each of asyncio's primitives."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, NamedTuple

Actor = Callable[..., Awaitable[object]]


class State:
    """Has one of each."""

    def __init__(self) -> None:
        self.value = 0
        self.log: list[object] = []
        self.lock = asyncio.Lock()
        self.other = asyncio.Lock()
        self.event = asyncio.Event()
        self.condition = asyncio.Condition()
        self.semaphore = asyncio.Semaphore(1)
        self.queue: asyncio.Queue[int] = asyncio.Queue(1)
        self.thread_lock = threading.Lock()
        self.barrier: Any = None


class Program(NamedTuple):
    """Actors, and what finds fault with them: a check, or just how they end."""

    actors: tuple[Actor, ...]
    check: Callable[[State], object] | None = None
    finding: str = ""


async def update(state: State) -> None:
    value = state.value
    await asyncio.sleep(0)
    state.value = value + 1


async def update_locked(state: State) -> None:
    async with state.lock:
        await update(state)


def is_two(state: State) -> bool:
    return state.value == 2


def is_whole(state: State) -> bool:
    return state.value in (0, 2)


LOST = "lost update across an await"


async def take(state: State) -> None:
    if state.value == 0:
        await asyncio.sleep(0)
        state.value += 1


async def take_at_once(state: State) -> None:
    if state.value == 0:
        state.value += 1
    await asyncio.sleep(0)


async def forwards(state: State) -> None:
    async with state.lock:
        await asyncio.sleep(0)
        async with state.other:
            state.value += 1


async def backwards(state: State) -> None:
    async with state.other:
        await asyncio.sleep(0)
        async with state.lock:
            state.value += 1


async def wait_for_event(state: State) -> None:
    await state.event.wait()
    await update(state)


async def set_event_early(state: State) -> None:
    state.event.set()
    await update(state)


async def set_event_late(state: State) -> None:
    await update(state)
    state.event.set()


async def wait_for_notice(state: State) -> None:
    async with state.condition:
        await state.condition.wait()


async def notify(state: State) -> None:
    async with state.condition:
        state.condition.notify()


async def wait_until_set(state: State) -> None:
    async with state.condition:
        await state.condition.wait_for(lambda: state.value == 1)


async def set_and_notify(state: State) -> None:
    async with state.condition:
        state.value = 1
        state.condition.notify()


async def update_two_at_a_time(state: State) -> None:
    async with asyncio.Semaphore(2):
        await update(state)


async def update_one_at_a_time(state: State) -> None:
    async with state.semaphore:
        await update(state)


async def put_three(state: State) -> None:
    for number in range(3):
        await state.queue.put(number)


async def put_two(state: State) -> None:
    for number in range(2):
        await state.queue.put(number)


async def get_three(state: State) -> None:
    for _ in range(3):
        state.log.append(await state.queue.get())


async def join_queue(state: State) -> None:
    await state.queue.put(1)
    await state.queue.join()


async def get_without_done(state: State) -> None:
    await state.queue.get()


async def get_and_be_done(state: State) -> None:
    await state.queue.get()
    state.queue.task_done()


async def gather_updates(state: State) -> None:
    await asyncio.gather(update(state), update(state))


async def gather_locked(state: State) -> None:
    await asyncio.gather(update_locked(state), update_locked(state))


async def wait_for_first(state: State) -> None:
    tasks = {asyncio.ensure_future(update(state)) for _ in range(2)}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert state.value == 1
    await asyncio.wait(tasks)


async def wait_for_all(state: State) -> None:
    tasks = {asyncio.ensure_future(update_locked(state)) for _ in range(2)}
    await asyncio.wait(tasks)
    assert state.value == 2


async def in_two_halves(state: State) -> None:
    state.value = 1
    await asyncio.sleep(0)
    state.value = 2


async def shielded(state: State) -> None:
    inner = asyncio.ensure_future(in_two_halves(state))
    try:
        await asyncio.shield(inner)
    except asyncio.CancelledError:
        await inner
        raise


async def cancel_halves(state: State) -> None:
    await start_and_cancel(in_two_halves, state)


async def cancel_shielded(state: State) -> None:
    await start_and_cancel(shielded, state)


async def start_and_cancel(function: Actor, state: State) -> None:
    task = asyncio.ensure_future(function(state))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def give_up_after_a_second(state: State) -> None:
    try:
        await asyncio.wait_for(state.event.wait(), 1)
        state.log.append("in time")
    except asyncio.TimeoutError:
        state.log.append("late")


async def set_event(state: State) -> None:
    state.event.set()


def was_in_time(state: State) -> bool:
    return state.log == ["in time"]


def has_ended(state: State) -> bool:
    return state.log in (["in time"], ["late"])


async def sleep_for_an_hour(state: State) -> None:
    await asyncio.sleep(3600)
    state.log.append("an hour")


async def sleep_for_a_second(state: State) -> None:
    await asyncio.sleep(1)
    state.log.append("a second")


async def numbers(state: State) -> AsyncGenerator[int, None]:
    try:
        for number in range(2):
            await asyncio.sleep(0)
            yield number
    finally:
        await asyncio.sleep(0)
        state.log.append("closed")


async def update_from_generator(state: State) -> None:
    async for number in numbers(state):
        if number == 1:
            await update(state)


async def leave_generator(state: State) -> None:
    async for _ in numbers(state):
        break
    assert state.log == ["closed"]


async def close_generator(state: State) -> None:
    async with contextlib.aclosing(numbers(state)) as found:
        async for _ in found:
            break
    assert state.log == ["closed"]


async def soon_and_at_once(state: State) -> None:
    asyncio.get_running_loop().call_soon(state.log.append, "soon")
    await asyncio.sleep(0)
    assert state.log == ["soon"]


async def soon_in_order(state: State) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    for word in ("first", "second"):
        loop.call_soon(state.log.append, word)
    loop.call_later(2, done.set_result, None)
    loop.call_later(1, state.log.append, "later")
    await done
    assert state.log == ["first", "second", "later"]


async def threads_update(state: State) -> None:
    def add() -> None:
        state.value = state.value + 1

    await asyncio.gather(asyncio.to_thread(add), asyncio.to_thread(add))


async def threads_update_locked(state: State) -> None:
    def add() -> None:
        with state.thread_lock:
            state.value = state.value + 1

    await asyncio.gather(asyncio.to_thread(add), asyncio.to_thread(add))


async def thread_and_task(state: State) -> None:
    def add() -> None:
        state.value = state.value + 1

    future = asyncio.get_running_loop().run_in_executor(None, add)
    state.value = state.value + 1
    await future


async def thread_then_task(state: State) -> None:
    def add() -> None:
        state.value = state.value + 1

    await asyncio.get_running_loop().run_in_executor(None, add)
    state.value = state.value + 1


async def hold_over_an_await(state: State) -> None:
    with state.thread_lock:
        await asyncio.sleep(0)


async def let_go_before_the_await(state: State) -> None:
    with state.thread_lock:
        state.value += 1
    await asyncio.sleep(0)


async def forget_to_await(state: State) -> None:
    update(state)  # type: ignore[unused-coroutine]
    await asyncio.sleep(0)


async def forget_a_task(state: State) -> None:
    asyncio.create_task(update(state))  # noqa: RUF006 - that is the hazard
    await asyncio.sleep(0)


async def keep_a_task(state: State) -> None:
    await asyncio.create_task(update(state))


async def fail(state: State) -> None:
    await asyncio.sleep(0)
    raise KeyError("lost")


async def forget_an_error(state: State) -> None:
    task = asyncio.create_task(fail(state))
    while not task.done():
        await asyncio.sleep(0)


async def look_at_an_error(state: State) -> None:
    task = asyncio.create_task(fail(state))
    await asyncio.wait([task])
    assert isinstance(task.exception(), KeyError)


async def leave_an_error_in_a_future(state: State) -> None:
    future = asyncio.get_running_loop().create_future()
    state.log.append(future)
    await asyncio.sleep(0)
    future.set_exception(KeyError("in a future"))


def has_looked_at_the_future(state: State) -> bool:
    future: Any = state.log[0]
    return isinstance(future.exception(), KeyError)


async def update_and_leave_an_error(state: State) -> None:
    await leave_an_error_in_a_future(state)
    await update(state)


def is_two_before_it_looks(state: State) -> bool:
    assert state.value == 2
    futures: list[Any] = state.log
    return all(isinstance(each.exception(), KeyError) for each in futures)


async def call_back_and_fail(state: State) -> None:
    def fail_at_once() -> None:
        raise KeyError("in a callback")

    asyncio.get_running_loop().call_soon(fail_at_once)
    await asyncio.sleep(1)


async def call_back(state: State) -> None:
    asyncio.get_running_loop().call_soon(state.log.append, "fine")
    await asyncio.sleep(1)


async def never_end(state: State) -> None:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1)


async def leave_endless_task(state: State) -> None:
    task = asyncio.create_task(never_end(state))
    await asyncio.sleep(5)
    assert not task.done()


async def poll(state: State) -> None:
    while state.value == 0:
        await asyncio.sleep(0)


async def set_value(state: State) -> None:
    await asyncio.sleep(0)
    state.value = 1


async def without_an_await(state: State) -> None:
    while True:
        state.value = state.value + 1


async def block_for_a_second(state: State) -> None:
    time.sleep(1)
    await update(state)


number: contextvars.ContextVar[int] = contextvars.ContextVar("number", default=0)


async def in_its_own_context(state: State) -> None:
    number.set(number.get() + 1)
    await asyncio.sleep(0)
    assert number.get() == 1


BROKEN: dict[str, Program] = {
    "sleep": Program((update, update), is_two, LOST),
    "check": Program((take, take), lambda s: s.value == 1, "check-then-act across an await"),
    "locks": Program((forwards, backwards), None, "deadlock"),
    "event": Program((wait_for_event, set_event_early), is_two, LOST),
    "condition": Program((wait_for_notice, notify), None, "lost wake-up"),
    "semaphore": Program((update_two_at_a_time, update_two_at_a_time), is_two, LOST),
    "queue": Program((put_two, get_three), None, "deadlock"),
    "queue.join": Program((join_queue, get_without_done), None, "deadlock"),
    "gather": Program((gather_updates,), is_two, LOST),
    "wait": Program((wait_for_first,), None, "exception in an actor"),
    "shield": Program((cancel_halves,), is_whole, "cancellation in the middle of an update"),
    "timeout": Program((give_up_after_a_second, set_event), was_in_time, "wrong result"),
    "async generator": Program((update_from_generator,) * 2, is_two, LOST),
    "aclosing": Program((leave_generator,), None, "exception in an actor"),
    "call_soon": Program((soon_and_at_once,), None, "exception in an actor"),
    "to_thread": Program((threads_update,), is_two, "lost update"),
    "run_in_executor": Program((thread_and_task,), is_two, "lost update"),
    "thread lock": Program((hold_over_an_await,) * 2, None, "deadlock"),
    "coroutine": Program((forget_to_await,), None, "coroutine never awaited"),
    "create_task": Program((forget_a_task,), lambda s: s.value == 1, "task never awaited"),
    "exception": Program((forget_an_error,), None, "exception never retrieved"),
    "future": Program((leave_an_error_in_a_future,), None, "exception that nobody handles"),
    "future and race": Program((update_and_leave_an_error,) * 2, is_two_before_it_looks, LOST),
    "callback": Program((call_back_and_fail,), None, "exception that nobody handles"),
    "cancel": Program((leave_endless_task,), None, "task that cannot be cancelled"),
    "poll": Program((poll,), None, "endless loop"),
    "no await": Program((without_an_await,), None, "endless loop"),
    "blocking": Program((block_for_a_second,) * 2, is_two, LOST),
}
FIXED: dict[str, Program] = {
    "sleep": Program((update_locked, update_locked), is_two),
    "check": Program((take_at_once, take_at_once), lambda s: s.value == 1),
    "locks": Program((forwards, forwards), is_two),
    "event": Program((wait_for_event, set_event_late), is_two),
    "condition": Program((wait_until_set, set_and_notify)),
    "semaphore": Program((update_one_at_a_time, update_one_at_a_time), is_two),
    "queue": Program((put_three, get_three), lambda s: s.log == [0, 1, 2]),
    "queue.join": Program((join_queue, get_and_be_done)),
    "gather": Program((gather_locked,), is_two),
    "wait": Program((wait_for_all,)),
    "shield": Program((cancel_shielded,), is_whole),
    "timeout": Program((give_up_after_a_second, set_event), has_ended),
    "async generator": Program((update_from_generator,), lambda s: s.value == 1),
    "aclosing": Program((close_generator,)),
    "call_soon": Program((soon_in_order,)),
    "to_thread": Program((threads_update_locked,), is_two),
    "run_in_executor": Program((thread_then_task,), is_two),
    "thread lock": Program((let_go_before_the_await,) * 2, is_two),
    "coroutine": Program((update,), lambda s: s.value == 1),
    "create_task": Program((keep_a_task,), lambda s: s.value == 1),
    "exception": Program((look_at_an_error,)),
    "future": Program((leave_an_error_in_a_future,), has_looked_at_the_future),
    "callback": Program((call_back,)),
    "cancel": Program((cancel_halves,), lambda s: s.value < 3),
    "poll": Program((poll, set_value)),
    "sleep for an hour": Program((sleep_for_an_hour, sleep_for_a_second)),
    "context": Program((in_its_own_context,) * 2),
}
if sys.version_info >= (3, 11):

    async def meet_and_update(state: State) -> None:
        state.barrier = state.barrier or asyncio.Barrier(2)
        await state.barrier.wait()
        await update(state)

    async def meet_and_update_locked(state: State) -> None:
        state.barrier = state.barrier or asyncio.Barrier(2)
        await state.barrier.wait()
        await update_locked(state)

    async def group_updates(state: State) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(update(state))
            group.create_task(update(state))

    async def group_updates_locked(state: State) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(update_locked(state))
            group.create_task(update_locked(state))

    async def group_that_fails(state: State) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.TaskGroup() as group:
                group.create_task(in_two_halves(state))
                group.create_task(fail(state))

    async def time_out(state: State) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await in_two_halves_slowly(state)

    async def in_two_halves_slowly(state: State) -> None:
        state.value = 1
        await asyncio.sleep(1)
        state.value = 2

    async def time_out_undone(state: State) -> None:
        try:
            async with asyncio.timeout(1):
                await in_two_halves_slowly(state)
        except TimeoutError:
            state.value = 0

    CANCELLED = "cancellation in the middle of an update"
    BROKEN |= {
        "barrier": Program((meet_and_update,) * 2, is_two, LOST),
        "task group": Program((group_updates,), is_two, LOST),
        "task group that fails": Program((group_that_fails,), is_whole, CANCELLED),
        "timeout in an update": Program((time_out,), is_whole, CANCELLED),
    }
    FIXED |= {
        "barrier": Program((meet_and_update_locked,) * 2, is_two),
        "task group": Program((group_updates_locked,), is_two),
        "timeout in an update": Program((time_out_undone,), is_whole),
    }
