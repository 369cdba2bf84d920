"""A program with two children loads its big model three times.

The model is loaded at the top of the file, once, before any child is started. Under fork that is
true: the children are copies of a program that has it already. Under spawn and forkserver a child
starts with an empty interpreter and imports the file of the program, to find its functions there.
The file's name is `__mp_main__` then, so that what stands under `if __name__ == "__main__"` does
not run; everything else does, with its cost and its effects: files opened, servers asked, lines
printed.

Since Python 3.13.8 and 3.14.1 the fork server imports the file, once, and its children are forked
from that: under forkserver the model is loaded twice there, however many children there are.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_03_reimported.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

LOADED_AT_THE_TOP = """
import multiprocessing

print(f"loading the model in {__name__}", flush=True)
model = {"answer": 42}

def ask():
    print("the child says", model["answer"], flush=True)

if __name__ == "__main__":
    for _ in range(2):
        child = multiprocessing.Process(target=ask)
        child.start()
        child.join()
"""


@pytest.mark.hazard(
    "import-side-effects-rerun",
    match="loaded [23] times",
    under=("spawn", "forkserver"),
    why="to find its functions, a child that is not forked imports the program's file, all of it",
)
def test_a_model_loaded_at_the_top_is_loaded_for_the_children_again(run_script: Any) -> None:
    result = run_script(LOADED_AT_THE_TOP).check()
    loads = result.stdout.count("loading the model")
    assert loads == 1, f"one program asked its model twice, and the model was loaded {loads} times"


LOADED_WHERE_IT_IS_NEEDED = """
import multiprocessing

def load():
    global model
    print(f"loading the model in {__name__}", flush=True)
    model = {"answer": 42}

def ask(_):
    return model["answer"]

if __name__ == "__main__":
    pool = multiprocessing.Pool(1, initializer=load)
    print("the worker says", pool.map(ask, range(2)))
    pool.close()
    pool.join()
"""


@pytest.mark.fix("import-side-effects-rerun")
def test_an_initializer_loads_it_once_for_each_worker_and_all_its_tasks(run_script: Any) -> None:
    result = run_script(LOADED_WHERE_IT_IS_NEEDED).check()
    assert result.stdout.count("loading the model") == 1
    assert "the worker says [42, 42]" in result.stdout


# See also: c01_separate_memory/test_04_no_guard.py, for a program that has no such guard at all.
