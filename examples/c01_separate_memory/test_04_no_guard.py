"""A program starts a child without `if __name__ == "__main__":`, and the child never says a word.

Under fork the program works. Under spawn and forkserver the child imports the file to find
`greet`, comes to the line that starts a child, and would start one in turn. Two tutorials say that
this goes on until the machine gives up, and that it concerns Windows only. It concerns Linux as
well, and Python stops it after one level: the child dies of a RuntimeError. The program itself
ends well, with exit code 0.

What one sees of it depends on who waits for the child. A `Process` says nothing. A `Pool` replaces
the dead worker by another, which dies the same way, and so on for as long as the program is left
running: its answer never comes. An executor raises BrokenProcessPool.

Since Python 3.13.8 and 3.14.1 the fork server itself imports the file first. Before 3.15 it dies of
that, and the program of a ConnectionResetError; from 3.15 on the server goes on without.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_04_no_guard.py --hazards=fail
"""

from __future__ import annotations

from typing import Any

import pytest

UNDER = ("spawn", "forkserver")
WHERE_IT_BREAKS = pytest.mark.start_method(*UNDER)


def guarded(program: str) -> str:
    """The same program, with everything after its functions under the main guard."""
    functions, _, rest = program.partition("\n# the program\n")
    body = "".join(f"    {line}\n" for line in rest.splitlines())
    return f'{functions}\nif __name__ == "__main__":\n{body}'


A_CHILD = """
import multiprocessing

def greet():
    print("hello", flush=True)

# the program
child = multiprocessing.Process(target=greet)
child.start()
child.join()
"""


@pytest.mark.hazard(
    "main-guard-missing-process",
    match="the child never said hello",
    under=UNDER,
    why="the child imports the file and comes to the line that starts a child; Python forbids it",
)
def test_a_child_dies_of_starting_a_child_and_the_program_ends_well(run_script: Any) -> None:
    result = run_script(A_CHILD)
    said, exitcode = result.stdout, result.exitcode
    assert "hello" in said, f"the child never said hello, and the program exits with {exitcode}"


@pytest.mark.fix("main-guard-missing-process")
@WHERE_IT_BREAKS
def test_under_the_guard_the_child_says_hello(run_script: Any) -> None:
    assert run_script(guarded(A_CHILD)).check().stdout == "hello\n"


A_POOL = """
import multiprocessing

def double(number):
    return 2 * number

# the program
pool = multiprocessing.Pool(1)
answer = pool.map_async(double, [1, 2, 3])
for _ in range(600):  # a plain pool.map would wait for ever
    answer.wait(0.05)
    numbers = [int(child.name.split("-")[-1]) for child in multiprocessing.active_children()]
    if answer.ready() or max(numbers, default=0) > 1:
        break
print(answer.get() if answer.ready() else "no answer, and the second worker")
pool.terminate()
pool.join()
"""


@pytest.mark.hazard(
    "main-guard-missing-pool",
    match="says: (no answer, and the second worker|.*Error)",
    under=UNDER,
    why="each worker dies while it imports the file, and the pool starts the next one, for ever",
)
def test_a_pool_starts_worker_after_worker_and_never_answers(
    run_script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_script(A_POOL)
    capsys.readouterr()  # each of the workers has printed the traceback of the RuntimeError
    said = result.stdout.strip() or result.stderr.splitlines()[-1]
    assert said == "[2, 4, 6]", f"of a pool of one worker the program says: {said}"


@pytest.mark.fix("main-guard-missing-pool")
@WHERE_IT_BREAKS
def test_under_the_guard_the_pool_answers(run_script: Any) -> None:
    assert run_script(guarded(A_POOL)).check().stdout == "[2, 4, 6]\n"


AN_EXECUTOR = """
from concurrent.futures import ProcessPoolExecutor

def double(number):
    return 2 * number

# the program
with ProcessPoolExecutor(1) as executor:
    print(list(executor.map(double, [1, 2, 3])))
"""


@pytest.mark.hazard(
    "main-guard-missing-executor",
    match="ends with .*(BrokenProcessPool|Error)",
    under=UNDER,
    why="its worker died while it imported the file, and the executor says so: BrokenProcessPool",
)
def test_an_executor_breaks_and_says_so(
    run_script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_script(AN_EXECUTOR)
    capsys.readouterr()  # the traceback of the worker's RuntimeError, and that of the program
    said, last_line = result.stdout, (result.stderr.splitlines() or [""])[-1]
    assert said == "[2, 4, 6]\n", f"instead of printing a list the program ends with {last_line}"


@pytest.mark.fix("main-guard-missing-executor")
@WHERE_IT_BREAKS
def test_under_the_guard_the_executor_answers(run_script: Any) -> None:
    assert run_script(guarded(AN_EXECUTOR)).check().stdout == "[2, 4, 6]\n"


# See also: c01_separate_memory/test_03_reimported.py, for the import that finds no guard.
