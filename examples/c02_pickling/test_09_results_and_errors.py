"""A task has done its work, and then its result or its error cannot be sent back.

What a worker returns is pickled like what it was given. A generator can be iterated over like a
list, but it is a function that has stopped halfway, in the worker, and cannot be sent. A Pool wraps
the error in a MaybeEncodingError, an executor raises it as it is. By then the work has been done,
for nothing. The keys of a dict, sent as they are, are a matter of luck: they are refused, or arrive
as a list when something in the worker has imported `multiprocessing.managers`.

Errors are sent as well, and have a trap of their own: an exception pickles as its class and what
`Exception.__init__` was given, and is made again by calling the class with that. `OrderRefused`
takes a number and a reason and hands on one text. So it can be sent, and cannot be made again: the
parent fails while it reads the answer.

The executor takes that for the death of a worker, and is broken for all that follows. A Pool is
worse off: the thread that reads the results dies, and this task and every other wait for ever. Test
your exceptions with `assert_exception_picklable`.

    pytest -p pytest_concurrency examples/c02_pickling/test_09_results_and_errors.py --hazards=fail
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.pool import MaybeEncodingError  # type: ignore[attr-defined]
from typing import Any

import pytest

from pytest_concurrency import assert_exception_picklable

pytestmark = pytest.mark.timeout(60)  # Pool.join and shutdown take none


@contextmanager
def pool_of_one(mp_context: Any) -> Iterator[Any]:
    pool = mp_context.Pool(1)
    try:
        yield pool
    finally:
        pool.close()
        pool.join()


def count_words(text: str) -> dict[str, int]:
    words = text.split()
    print("the worker has counted", len(words), "words", flush=True)
    return {word: words.count(word) for word in words}


def words_of(text: str) -> Any:
    return (word for word in count_words(text))


@pytest.mark.hazard(
    "unpicklable-result",
    raises=MaybeEncodingError,
    match="Error sending result.*cannot pickle 'generator' object",
    why="a result is pickled too, and a generator is a running function that stays in the worker",
)
def test_a_result_that_cannot_be_pickled_is_an_error_after_the_work(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        words = pool.apply_async(words_of, ("to be or not to be",)).get(timeout=30)
        assert list(words) == ["to", "be", "or", "not"]


def list_of_words(text: str) -> list[str]:
    return list(count_words(text))


@pytest.mark.fix("unpicklable-result")
def test_a_list_can_be_sent_back(mp_context: Any) -> None:
    with pool_of_one(mp_context) as pool:
        words = pool.apply_async(list_of_words, ("to be or not to be",)).get(timeout=30)
        assert words == ["to", "be", "or", "not"]


class OrderRefused(Exception):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"order {number} is refused: {reason}")


class OrderRefusedWhole(Exception):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)

    def __str__(self) -> str:
        number, reason = self.args
        return f"order {number} is refused: {reason}"


class OrderRefusedReduced(OrderRefused):
    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.number, self.reason = number, reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.number, self.reason)


def refuse(kind: type[Exception], number: int) -> None:
    raise kind(number, "no such customer")


@pytest.mark.hazard(
    "exception-breaks-unpickling",
    raises=BrokenProcessPool,
    match="terminated abruptly",
    why="no process died: the exception takes two arguments, and could not be made again from one",
)
def test_an_exception_that_cannot_be_made_again_breaks_the_executor(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        task = executor.submit(refuse, OrderRefused, 7)
        with pytest.raises(OrderRefused, match="order 7 is refused: no such customer"):
            task.result(timeout=30)


@pytest.mark.fix("exception-breaks-unpickling")
def test_an_exception_that_hands_on_all_its_arguments_arrives(mp_context: Any) -> None:
    assert_exception_picklable(OrderRefusedWhole(7, "no such customer"))
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        task = executor.submit(refuse, OrderRefusedWhole, 7)
        with pytest.raises(OrderRefusedWhole, match="order 7 is refused: no such customer"):
            task.result(timeout=30)


@pytest.mark.fix("exception-breaks-unpickling")
def test_reduce_can_say_how_an_exception_is_made_again() -> None:
    assert_exception_picklable(OrderRefusedReduced(7, "no such customer"))


# See also: c02_pickling/test_05_files_and_locks.py, for what else cannot be sent.
