"""A pickling error of any test is explained in a note, in the words of what was called."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency.children.runner import RunInProcess
from pytest_concurrency.pickling.notes import annotate

ERRORS = (pickle.PicklingError, AttributeError, TypeError)


def explained(caught: pytest.ExceptionInfo[BaseException]) -> str:
    annotate(caught.value)  # what is explained already stays as it is
    notes = map(str, caught.value.__notes__)  # type: ignore[attr-defined]
    (ours,) = [note for note in notes if note.startswith("why it")]  # 3.14 has notes of its own
    return ours


def identity(value: object) -> object:
    return value


@pytest.mark.start_method("spawn", "forkserver")
def test_process_start(mp_context: Any) -> None:
    child = mp_context.Process(
        target=lambda: None, args=([threading.Lock()],), kwargs={"key": mp_context.Lock()}
    )
    with pytest.raises(ERRORS) as caught:
        child.start()
    note = explained(caught)
    assert "target is a lambda (test_notes.py:" in note
    assert "args[0][0] is a lock" in note
    assert "kwargs" not in note, "a lock of multiprocessing may be sent to a child that starts"


@pytest.mark.parametrize("method", ["map", "apply", "starmap", "imap"])
def test_pool(mp_context: Any, method: str) -> None:
    calls: dict[str, Callable[[Any], object]] = {
        "map": lambda pool: pool.map(lambda x: x, [1, 2]),
        "apply": lambda pool: pool.apply(lambda x: x, (1,)),
        "starmap": lambda pool: pool.starmap(lambda x: x, [(1,), (2,)]),
        "imap": lambda pool: list(pool.imap(lambda x: x, [1, 2])),
    }
    with mp_context.Pool(1) as pool:
        with pytest.raises(ERRORS) as caught:
            calls[method](pool)
        assert "func is a lambda (test_notes.py:" in explained(caught)
        pool.close()
        pool.join()


def test_argument_of_a_pool(mp_context: Any) -> None:
    with mp_context.Pool(1) as pool:
        with pytest.raises(ERRORS) as caught:
            pool.map(identity, [1, {"lock": threading.Lock()}], chunksize=2)
        assert "iterable[1]['lock'] is a lock" in explained(caught)
        pool.close()
        pool.join()


def test_executor(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        future = executor.submit(identity, {"lock": threading.Lock()})
        with pytest.raises(ERRORS) as caught:
            future.result(20)
    assert "args[0]['lock'] is a lock" in explained(caught)


def test_simple_queue_and_pipe(mp_context: Any) -> None:
    with pytest.raises(ERRORS) as caught:
        mp_context.SimpleQueue().put(lambda: None)
    assert "item is a lambda" in explained(caught)
    one, other = mp_context.Pipe()
    with one, other, pytest.raises(ERRORS) as caught:
        one.send([lambda: None])
    assert "item[0] is a lambda" in explained(caught)


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(TypeError) as caught:
        len(3)  # type: ignore[arg-type]
    annotate(caught.value)
    assert not hasattr(caught.value, "__notes__")


def test_plain_pickle() -> None:
    order = [threading.Lock()]
    with pytest.raises(ERRORS) as caught:
        pickle.dumps(order)
    assert "order[0] is a lock" in explained(caught)


def test_plain_pickle_of_an_attribute(tmp_path: Path) -> None:
    class Shop:
        order = (1, threading.Lock())

    shop = Shop()
    with open(tmp_path / "file", "wb") as file, pytest.raises(ERRORS) as caught:
        pickle.dump(shop.order, file, protocol=2)
    assert "shop.order[1] is a lock" in explained(caught)


def test_an_error_in_a_child_is_explained_there(run_in_process: RunInProcess) -> None:
    with pytest.raises(ERRORS) as caught:
        run_in_process(send_a_lambda)
    assert "item is a lambda" in str(caught.value.__notes__)  # type: ignore[attr-defined]


def send_a_lambda() -> None:
    multiprocessing.get_context("spawn").SimpleQueue().put(lambda: None)
