"""`run_script`: run a file as `__main__` in a fresh interpreter."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_concurrency.children.exits import describe_exit
from pytest_concurrency.children.processes import descendants, end, members
from pytest_concurrency.children.runner import DEFAULT_TIMEOUT, valid_timeout
from pytest_concurrency.children.stacks import stacks_of
from pytest_concurrency.errors import ChildDied, ChildHung, message

# Run with -c: nothing but `__main__` itself, empty, is left of it when the script begins.
_LAUNCHER = f"""
import sys
sys.path[:] = [{str(Path(__file__).parents[2])!r}, *[entry for entry in sys.path if entry]]
from pytest_concurrency.children.script_main import main
del sys.path[0]
argv = sys.argv[1:]
del sys
globals().pop("main")(*globals().pop("argv"))
"""


@dataclass(frozen=True)
class ScriptResult:
    """How a script ended.

    Attributes:
        exitcode: as in `Process.exitcode`: negative for a signal.
        stdout: what it, and its children, wrote to standard output.
        stderr: what they wrote to standard error.
    """

    exitcode: int
    stdout: str
    stderr: str

    def check(self) -> ScriptResult:
        """Return this result if the script succeeded.

        Raises:
            ChildDied: if its exit code is not 0.
        """
        if self.exitcode:
            raise ChildDied(
                message(
                    f"the script ended with {describe_exit(self.exitcode)}",
                    evidence=self.stderr[-2000:],
                ),
                exitcode=self.exitcode,
                stderr=self.stderr,
            )
        return self


class RunScript:
    """Runs scripts in fresh interpreters whose default start method is given.

    Args:
        method: the start method.
        stacks: the folder in which children put their stacks when asked.
    """

    def __init__(self, method: str, stacks: str) -> None:
        self._method = method
        self._stacks = stacks

    def __call__(
        self, script: str | os.PathLike[str], *argv: str, timeout: float = DEFAULT_TIMEOUT
    ) -> ScriptResult:
        """Run a file, or a piece of source, as `__main__`.

        Args:
            script: the path of a file, or Python source: a text with a newline in it is source.
            *argv: its arguments.
            timeout: how long it may take, in seconds.

        Returns:
            How it ended; a failing script is a result, not an error.

        Raises:
            ChildHung: it did not end in time; it has been killed, with its own children.
            FileNotFoundError: there is no such file.
        """
        __tracebackhide__ = True
        timeout = valid_timeout(timeout)
        with _folder() as folder:
            path = _script_file(script, folder)
            out, err = folder / "stdout", folder / "stderr"
            command = [
                sys.executable,
                "-c",
                _LAUNCHER,
                self._method,
                self._stacks,
                str(path),
                *argv,
            ]
            with out.open("wb") as stdout, err.open("wb") as stderr:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            stacks = self._wait(process, timeout)
            result = ScriptResult(process.returncode, _read(out), _read(err))
        sys.stdout.write(result.stdout)
        sys.stderr.write(result.stderr)
        if stacks is not None:
            raise ChildHung(
                message(
                    f"the script did not end within {timeout:g} s and was killed",
                    evidence=stacks,
                    cause="does the innermost call wait for something that nobody will do?",
                    next_step="give more time with run_script(..., timeout=SECONDS), "
                    "or look at that line",
                ),
                timeout=timeout,
            )
        return result

    def _wait(self, process: subprocess.Popen[bytes], timeout: float) -> str | None:
        """Wait for the end; what is left afterwards is killed.

        Returns:
            The stacks of the script if it did not end in time.
        """
        try:
            process.wait(timeout)
            return None
        except subprocess.TimeoutExpired:
            return stacks_of(process.pid, self._stacks)
        finally:
            left = [*descendants(process.pid), *members(process.pid)]
            process.kill()
            process.wait(5)
            end(left)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="pytest-concurrency-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _script_file(script: str | os.PathLike[str], folder: Path) -> Path:
    if isinstance(script, str) and "\n" in script:
        path = folder / "script.py"
        path.write_text(textwrap.dedent(script), encoding="utf-8")
        return path
    path = Path(script).absolute()
    if not path.is_file():
        raise FileNotFoundError(
            f"run_script found no file {str(script)!r}; source must have a newline in it"
        )
    return path


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="backslashreplace")
