"""A program frozen into one executable has children, if it knows when it is one of them.

One tutorial quotes a warning: executables that PyInstaller or cx_Freeze have made cannot use spawn
and forkserver on POSIX systems. Measured with PyInstaller 6.22.3 and Python 3.13.0 on Linux, they
can: a program with a queue and a process worked under all three methods, with `freeze_support()` as
the first line under the main guard. Without that line only fork worked.

The warning had a reason. A spawned child, the fork server and the tracker of semaphores are new
interpreters, started with the words `-c "from multiprocessing..."`. A frozen program has no
interpreter at hand that understands them: `sys.executable` is the program itself, which would go
about its work a second time. So it has to look at its first words before anything else. For a
child these are `--multiprocessing-fork`, as soon as the freezer has set `sys.frozen`, and
`multiprocessing.spawn.freeze_support` knows them. The other two still come with `-c`.

The program below is not frozen, but it does what the first lines of a frozen one have to do.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_13_frozen.py
"""

from __future__ import annotations

import subprocess
import sys
from multiprocessing.spawn import get_command_line, is_forking
from pathlib import Path

import pytest

PROGRAM = """#!{python}
import multiprocessing.spawn
import sys

# The doing of a freezer: this file is the only executable there is.
sys.frozen, sys.executable = True, __file__
multiprocessing.set_executable(__file__)

def greet(queue):
    queue.put("hello")

if __name__ == "__main__":
    if "-c" in sys.argv:  # started as the fork server, or as the tracker of semaphores
        del sys.argv[: sys.argv.index("-c")]
        exec(sys.argv.pop(1))
        sys.exit()
    multiprocessing.spawn.freeze_support()  # goes on from here only if not started as a child
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    child = context.Process(target=greet, args=(queue,))
    child.start()
    print(queue.get(timeout=30))
    child.join()
"""


@pytest.mark.fact("frozen-executable")
def test_a_program_that_is_its_own_interpreter_has_children_under_every_method(
    start_method: str, tmp_path: Path
) -> None:
    executable = tmp_path / "program"
    executable.write_text(PROGRAM.format(python=sys.executable))
    executable.chmod(0o700)
    result = subprocess.run(
        [executable, start_method], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.stdout, result.stderr) == ("hello\n", "")


def test_a_frozen_program_is_started_again_as_its_own_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "-c" in get_command_line(pipe_handle=7)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    words = get_command_line(pipe_handle=7)
    assert words == [sys.executable, "--multiprocessing-fork", "pipe_handle=7"]
    assert is_forking(words)


# See also: c01_separate_memory/test_04_no_guard.py, for another program that starts itself.
