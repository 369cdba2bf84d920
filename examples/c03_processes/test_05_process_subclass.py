"""A class of one's own is derived from Process, and loses what is stored in it.

The tutorials derive a class from Process, take the arguments in `__init__` and put the work into
`run()`. It reads like an object that works elsewhere. But there are two objects: the parent keeps
one, and the child gets another one, as a copy of memory under fork, as a pickle under spawn and
forkserver. Three things follow.

`super().__init__()` comes first: Process needs attributes of its own, and sets them there. One that
is set before, `self.name` for example, is overwritten without a word. What is stored in `__init__`
must be picklable, or the class works under fork only. And what `run()` stores is stored in the
child's object, and the parent's never hears of it.

    pytest -p pytest_concurrency examples/c03_processes/test_05_process_subclass.py --hazards=fail
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _as_if_this_were_the_default(start_method: str) -> Iterator[None]:
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(start_method, force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


def run_child(child: multiprocessing.Process) -> None:
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


class Nameless(multiprocessing.Process):
    def __init__(self, guest: str) -> None:
        self.guest = guest


@pytest.mark.hazard(
    "subclass-forgets-super-init",
    raises=AttributeError,
    match="object has no attribute '_closed'",
    why="Process sets the attributes it needs in its own __init__, which was not called",
)
def test_without_super_init_there_is_no_process() -> None:
    run_child(Nameless("Ann"))


class Named(multiprocessing.Process):
    def __init__(self, guest: str) -> None:
        self.name = "too early"  # overwritten in the next line, without a word
        super().__init__(name="host")
        self.guest = guest


@pytest.mark.fix("subclass-forgets-super-init")
def test_super_init_comes_first() -> None:
    child = Named("Ann")
    assert child.name == "host"
    run_child(child)


class Keeper(multiprocessing.Process):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


@pytest.mark.hazard(
    "subclass-unpicklable-attribute",
    raises=TypeError,
    match=r"cannot pickle '_thread\.lock' object",
    under=("spawn", "forkserver"),
    why="the Process object itself is pickled for the child, with all that __init__ put into it",
)
def test_a_lock_made_in_init_starts_under_fork_only() -> None:
    run_child(Keeper())


class LateKeeper(multiprocessing.Process):
    def run(self) -> None:
        self.lock = threading.Lock()
        with self.lock:
            pass


@pytest.mark.fix("subclass-unpicklable-attribute")
def test_a_lock_made_in_run_starts_everywhere() -> None:
    run_child(LateKeeper())


class Adder(multiprocessing.Process):
    total = 0

    def run(self) -> None:
        self.total = 40 + 2
        print("the child has", self.total)


@pytest.mark.hazard(
    "subclass-result-attribute-lost",
    match="the parent has 0",
    why="run() stored it in the child's copy of the object, which ended with the child",
)
def test_what_run_stores_stays_in_the_child() -> None:
    child = Adder()
    run_child(child)
    assert child.total == 42, f"the child stored 42, and the parent has {child.total}"


class Sender(multiprocessing.Process):
    def __init__(self) -> None:
        super().__init__()
        self.totals, self._out = multiprocessing.Pipe(duplex=False)

    def run(self) -> None:
        self._out.send(40 + 2)


@pytest.mark.fix("subclass-result-attribute-lost")
def test_a_pipe_that_the_object_carries_brings_it_back() -> None:
    child = Sender()
    run_child(child)
    assert child.totals.poll(30)
    assert child.totals.recv() == 42


# See also: c01_separate_memory/test_01_globals_not_shared.py, for the same with a global.
