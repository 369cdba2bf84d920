"""A tool that cannot be sent to the workers is built by each of them, and a tutorial's code fails.

A program that reads text from pictures has a recogniser, which is slow to make and holds what
belongs to one process, here a lock. Handed to a task, it cannot be pickled. `submit` says nothing
yet, the error comes with `result()`.

The remedy is an initializer: a function that each worker calls once, when it starts, and that puts
the recogniser into a global. The tasks read the global; only the pictures travel.

One tutorial has the right idea, but its listing does not compile: the task still takes the
recogniser as a parameter and declares it global. Without that declaration it fails with a
NameError, since the parent passes what only the workers have. Drop the parameter in both places.

    pytest -p pytest_concurrency examples/c02_pickling/test_10_initializer.py --hazards=fail
"""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)  # shutdown takes none


class Recogniser:
    made = 0

    def __init__(self) -> None:
        self.lock = threading.Lock()
        Recogniser.made += 1

    def read(self, picture: str) -> str:
        with self.lock:
            return f"text of {picture}"


def read_with(recogniser: Recogniser, picture: str) -> str:
    return recogniser.read(picture)


@pytest.mark.hazard(
    "initializer-for-unpicklable",
    raises=TypeError,
    match=r"cannot pickle '_thread.lock' object[\s\S]*args\[0\]\.lock is a lock",
    why="every argument of a task is pickled, and the recogniser holds a lock",
)
def test_a_tool_with_a_lock_cannot_be_handed_to_a_task(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
        text = executor.submit(read_with, Recogniser(), "p1").result(timeout=30)
        assert text == "text of p1"


recogniser: Any = None


def make_recogniser() -> None:
    global recogniser
    Recogniser.made = 0  # under fork the worker has the parent's number
    recogniser = Recogniser()


def read(picture: str) -> tuple[str, int]:
    text: str = recogniser.read(picture)
    return text, Recogniser.made


@pytest.mark.fix("initializer-for-unpicklable")
def test_an_initializer_makes_it_once_in_each_worker(mp_context: Any) -> None:
    with ProcessPoolExecutor(1, mp_context=mp_context, initializer=make_recogniser) as executor:
        answers = list(executor.map(read, ["p1", "p2"], timeout=30))
    assert answers == [("text of p1", 1), ("text of p2", 1)]


LISTING = """\
from concurrent.futures import ProcessPoolExecutor

def init_worker():
    global ocr
    ocr = str.upper  # in the tutorial: PaddleOCR(...)

def process_region(region, ocr):
    global ocr
    return ocr(region)

def main_process():
    with ProcessPoolExecutor(max_workers=1, initializer=init_worker) as executor:
        futures = [executor.submit(process_region, region, ocr) for region in ("a", "b")]
        print([future.result() for future in futures])

if __name__ == "__main__":
    main_process()
"""


@pytest.mark.hazard(
    "initializer-sample-broken",
    raises=SyntaxError,
    match="name 'ocr' is parameter and global",
    why="one name is both a parameter of the task and the global that the initializer sets",
)
def test_the_listing_of_the_tutorial_does_not_compile() -> None:
    print(LISTING)
    compile(LISTING, "listing.py", "exec")


@pytest.mark.fix("initializer-sample-broken")
def test_without_the_parameter_in_both_places_it_runs(run_script: Any) -> None:
    result = run_script(LISTING.replace("region, ocr)", "region)"))
    assert result.check().stdout == "['A', 'B']\n"


# See also: c02_pickling/test_11_locks_for_a_pool.py, for what else an initializer can bring, and
# c02_pickling/test_12_initializer_raises.py, for one that fails.
