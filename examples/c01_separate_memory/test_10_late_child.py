"""A program gives a child a lock and comes to its end, and the child dies before it says a word.

Children that are not daemons are waited for at the end of a program, so one leaves out the `join`,
as the examples of two tutorials do. The program does wait. But before that it tidies up: the names
of its locks and queues are removed. A forked child has them already. A child of spawn or
forkserver opens the lock by its name once it has been started and has loaded its arguments, and if
the program has come to its end by then, there is no such name any more. The exit code of the
program is 0.

By nature the slower of the two loses: of the tutorials' ten lines none or a few are printed under
spawn and forkserver. Here an argument that stands before the lock takes its time to load, until
the program is tidying up, and the line is lost every time.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_10_late_child.py --hazards=fail
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import multiprocessing
import sys
import time
from multiprocessing.util import Finalize
from pathlib import Path

tidying_up = Path(sys.argv[1])

def load_slowly(seconds):
    end = time.monotonic() + seconds
    while not tidying_up.exists() and time.monotonic() < end:
        time.sleep(0.01)

class BigArgument:
    def __init__(self, seconds):
        self.seconds = seconds

    def __reduce__(self):
        return load_slowly, (self.seconds,)

def greet(_, lock):
    with lock:
        print("hello", flush=True)

if __name__ == "__main__":
    # Made before the lock, it is called right after the name of the lock has been removed.
    at_the_end = Finalize(None, tidying_up.touch, exitpriority=0)
    lock = multiprocessing.Lock()
    child = multiprocessing.Process(target=greet, args=(BigArgument(SECONDS), lock))
    child.start()
"""


@pytest.mark.hazard(
    "parent-exits-before-child-unpickles",
    match="FileNotFoundError",
    under=("spawn", "forkserver"),
    why="at its end the program removes the names of its locks, and waits for its children then",
)
def test_a_child_that_is_not_joined_finds_no_lock(
    run_script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 20 seconds are a bound: the argument is loaded as soon as the program tidies up.
    result = run_script(PROGRAM.replace("SECONDS", "20"), str(tmp_path / "tidying-up"))
    capsys.readouterr()  # the child's traceback, of which the last line is enough
    said, errors = result.stdout, result.stderr.splitlines() or [""]
    assert said == "hello\n", (
        f"the program exits with {result.exitcode}; instead of hello the child says {errors[-1]}"
    )


@pytest.mark.fix("parent-exits-before-child-unpickles")
@pytest.mark.start_method("spawn", "forkserver")  # where it breaks
def test_a_child_that_is_joined_has_all_the_time_it_needs(run_script: Any, tmp_path: Path) -> None:
    # The program waits for the child, and the child for nothing: it only takes its time.
    joined = PROGRAM.replace("SECONDS", "0.1") + "    child.join()\n"
    result = run_script(joined, str(tmp_path / "tidying-up")).check()
    assert result.stdout == "hello\n"


# See also: c01_separate_memory/test_05_unimportable.py, for another child whose end nobody sees.
