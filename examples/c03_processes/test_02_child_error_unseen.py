"""A child process raises an error, and the parent goes on as if nothing had happened.

One expects `try: child.start(); child.join()` to catch what the child raises, as it would catch
the error of a function. But the error ends the child, and nothing crosses: the traceback is printed
to the child's standard error stream, where on a server nobody looks, and the parent is left with an
exit code of 1, if it asks. One tutorial advises a try/except around errors of children: it helps
inside the child, or around something that brings the error back, and nowhere else.

The best known victim is a missing comma. One tutorial says that `args` must be a tuple; any
iterable will do, a list for example, and that is the trap: `("Ann")` is the string "Ann", which is
three arguments. A number there fails at once in the parent; the string fails only in the child.

    pytest -p pytest_concurrency examples/c03_processes/test_02_child_error_unseen.py --hazards=fail
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from pytest_concurrency import ChildTraceback


def greet(name: str) -> None:
    print("hello,", name)


@pytest.mark.hazard(
    "process-args-not-a-tuple",
    match="exit code 1",
    why='("Ann") without a comma is a string, and its letters become three arguments',
)
def test_a_string_for_args_is_taken_letter_by_letter(mp_context: Any) -> None:
    child = mp_context.Process(target=greet, args=("Ann"), name="greeter")
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0, (
        f"nothing was raised here, and the child ended with exit code {child.exitcode}"
    )


@pytest.mark.fix("process-args-not-a-tuple")
def test_a_comma_makes_it_one_argument(mp_context: Any) -> None:
    child = mp_context.Process(target=greet, args=("Ann",))
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0
    with pytest.raises(TypeError, match="'int' object is not iterable"):
        mp_context.Process(target=greet, args=5)


def seat(guests: int) -> str:
    if guests > 4:
        raise ValueError(f"no table for {guests}")
    return f"table for {guests}"


@pytest.mark.hazard(
    "child-exception-invisible",
    match="the parent caught None",
    why="join() waits for the end of a child, and an error does not cross between processes",
)
def test_try_around_join_catches_nothing(mp_context: Any) -> None:
    caught = None
    try:
        child = mp_context.Process(target=seat, args=[9], name="waiter")
        child.start()
        child.join(timeout=30)
    except ValueError as error:
        caught = error
    assert isinstance(caught, ValueError), (
        f"the child raised ValueError, the parent caught {caught}; exit code {child.exitcode}"
    )


def seat_and_tell(guests: int, answers: Any) -> None:
    try:
        answers.send(seat(guests))
    except Exception as error:
        answers.send(error)
        raise SystemExit(1) from error  # the exit code still says that it failed


@pytest.mark.fix("child-exception-invisible")
def test_a_child_that_sends_its_error_can_be_answered(mp_context: Any) -> None:
    answers, sender = mp_context.Pipe(duplex=False)
    child = mp_context.Process(target=seat_and_tell, args=(9, sender))
    child.start()
    assert answers.poll(30)
    answer = answers.recv()
    child.join(timeout=30)
    assert (str(answer), child.exitcode) == ("no table for 9", 1)
    assert answer.__traceback__ is None  # the lines where it happened do not cross


@pytest.mark.fix("child-exception-invisible")
def test_an_executor_raises_it_where_the_result_is_asked_for(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        table = executor.submit(seat, 9)
        with pytest.raises(ValueError, match="no table for 9"):
            table.result(timeout=30)


@pytest.mark.fix("child-exception-invisible")
def test_run_in_process_raises_it_with_the_lines_of_the_child(run_in_process: Any) -> None:
    with pytest.raises(ValueError, match="no table for 9") as caught:
        run_in_process(seat, 9)
    assert isinstance(caught.value.__cause__, ChildTraceback)
    assert 'raise ValueError(f"no table for {guests}")' in str(caught.value.__cause__)


# See also: c03_processes/test_03_exitcode_unchecked.py, for all that an exit code says.
