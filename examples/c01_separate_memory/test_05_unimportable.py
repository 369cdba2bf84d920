"""The function is there, one can call it, and the child says that it does not exist.

A child of spawn or forkserver gets no function, only a name: the function `greet` of the module
`__main__`. It imports the program's file and looks there. What the import does not define, because
it stands under `if __name__ == "__main__":`, is not found, and neither is what was never in a
file: typed at the prompt, given to `python -c`, piped to standard input, written in a notebook's
cell.

A child of fork has a copy of everything, and finds both. So the same lines work in one place, and
since Python 3.14, where fork is no longer the default, no longer in another. The program itself
does not notice: a `Process` that died has an exit code, and nothing asks for it here. Only where
the fork server imports the program and dies of that, as on 3.14, does one that is piped in end in a
ConnectionResetError: there is no file named `<stdin>`.

    pytest -p pytest_concurrency examples/c01_separate_memory/test_05_unimportable.py --hazards=fail
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

UNDER = ("spawn", "forkserver")
WHERE_IT_BREAKS = pytest.mark.start_method(*UNDER)

UNDER_THE_GUARD = """
import multiprocessing

if __name__ == "__main__":
    def greet():
        print("hello")

    child = multiprocessing.Process(target=greet)
    child.start()
    child.join()
"""


def last_line(errors: str) -> str:
    return (errors.splitlines() or ["nothing"])[-1]


@pytest.mark.hazard(
    "def-inside-main-guard",
    match="the child says AttributeError: .*'greet'",
    under=UNDER,
    why="the child imports the file under another name than __main__, and skips what is guarded",
)
def test_a_function_under_the_guard_is_not_there_for_the_child(
    run_script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_script(UNDER_THE_GUARD)
    capsys.readouterr()  # the child's traceback, of which the last line is enough
    said, errors = result.stdout, result.stderr
    assert said == "hello\n", f"instead of hello the child says {last_line(errors)}"


ABOVE_THE_GUARD = """
import multiprocessing

def greet():
    print("hello")

if __name__ == "__main__":
    child = multiprocessing.Process(target=greet)
    child.start()
    child.join()
"""


@pytest.mark.fix("def-inside-main-guard")
@WHERE_IT_BREAKS
def test_a_function_above_the_guard_is_found(run_script: Any) -> None:
    assert run_script(ABOVE_THE_GUARD).check().stdout == "hello\n"


def python(*arguments: str, folder: Path, piped: str = "") -> tuple[str, str]:
    """What a fresh interpreter prints, and its errors."""
    result = subprocess.run(
        [sys.executable, *arguments],
        input=piped,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.stdout, result.stderr


def program(start_method: str, greet: str) -> str:
    return f"""
import multiprocessing
{greet}
child = multiprocessing.get_context({start_method!r}).Process(target=greet)
child.start()
child.join()
"""


@pytest.mark.hazard(
    "main-not-importable",
    match="one reads (AttributeError|FileNotFoundError|ConnectionResetError)",
    under=UNDER,
    why="the child has to import the program, and what was typed or piped in is in no file",
)
@pytest.mark.parametrize("way", ["-c", "-"], ids=["python -c", "standard input"])
def test_a_function_that_is_in_no_file_is_not_found(
    start_method: str, way: str, tmp_path: Path
) -> None:
    lines = program(start_method, 'def greet():\n    print("hello")\n')
    said, errors = (
        python("-c", lines, folder=tmp_path)
        if way == "-c"
        else python("-", folder=tmp_path, piped=lines)
    )
    assert said == "hello\n", f"instead of hello one reads {last_line(errors)}"


@pytest.mark.fix("main-not-importable")
@WHERE_IT_BREAKS
def test_a_function_in_a_module_is_found_wherever_it_is_used(
    start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "greetings.py").write_text('def greet():\n    print("hello")\n')
    lines = program(start_method, "from greetings import greet")
    said, _ = python("-c", lines, folder=tmp_path)
    assert said == "hello\n"


# See also: c01_separate_memory/test_04_no_guard.py, for programs without the guard; and
# c02_pickling/test_01_lambda.py, for functions that have no name to be found by.
