"""A child finds its target wherever pytest found it: by every command, import mode and method."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

TARGETS = """
    import os

    def {name}():
        return os.getpid()
"""

TESTS = """
    import os
    from concurrent.futures import ProcessPoolExecutor

    import pytest

    def in_module(queue=None):
        if queue is not None:
            queue.put(os.getpid())
        return os.getpid()

    class Targets:
        @staticmethod
        def in_class():
            return os.getpid()

    def test_process_of_the_context(mp_context):
        queue = mp_context.Queue()
        child = mp_context.Process(target=in_module, args=(queue,))
        child.start()
        assert queue.get(timeout=20) == child.pid
        child.join()

    def test_executor(mp_context):
        with ProcessPoolExecutor(1, mp_context=mp_context) as executor:
            assert executor.submit(in_module).result(20) != os.getpid()

    @pytest.mark.parametrize("target", [in_module, Targets.in_class])
    def test_module(run_in_process, target):
        assert run_in_process(target) != os.getpid()

    def test_conftest(run_in_process, target_in_conftest):
        assert run_in_process(target_in_conftest) != os.getpid()
"""

CONFTEST = """
    import os
    import pytest

    def in_conftest():
        return os.getpid()

    @pytest.fixture
    def target_in_conftest():
        return in_conftest
"""

IN_PACKAGE = """
    import os
    from .helpers import in_helper

    def test_relative_import(run_in_process):
        assert run_in_process(in_helper) != os.getpid()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    """A suite with tests in a folder and in a package, each with a conftest.py of its own."""
    for folder in ("plain", "suite/package"):
        path = pytester.path / folder
        path.mkdir(parents=True, exist_ok=True)
        write(path / "conftest.py", CONFTEST)
        write(path / f"test_in_{path.name}.py", TESTS)
    package = pytester.path / "suite" / "package"
    (package / "__init__.py").touch()
    write(package / "helpers.py", TARGETS.format(name="in_helper"))
    write(package / "test_relative.py", IN_PACKAGE)
    return pytester.path


def write(path: Path, text: str) -> None:
    path.write_text(textwrap.dedent(text))


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
@pytest.mark.parametrize("command", ["pytest", "python -m pytest"])
def test_targets_are_found(
    pytester: pytest.Pytester,
    suite: Path,
    start_method: str,
    mode: str,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_CONCURRENCY_START_METHOD", start_method)
    if command == "pytest":
        run: list[str | Path] = [Path(sys.executable).with_name("pytest")]
    else:
        run = [sys.executable, "-m", "pytest"]
    result = pytester.run(
        *run, "-p", "pytest_concurrency", "-q", f"--import-mode={mode}", "-W", "error",
        "plain", "suite", timeout=100,
    )  # fmt: skip
    result.assert_outcomes(passed=11)


def test_a_child_loads_the_very_file_of_the_parent(pytester: pytest.Pytester) -> None:
    """Two conftest.py are both called `conftest`; the parent's is the one that counts."""
    for folder in ("one", "two"):
        path = pytester.mkdir(folder)
        write(path / "conftest.py", f"def where(): return {folder!r}")
        write(
            path / f"test_{folder}.py",
            f"""
            import conftest

            def test_it(run_in_process):
                assert conftest.where() == {folder!r}
                assert run_in_process(conftest.where) == {folder!r}
            """,
        )
    for folder in ("one", "two"):
        result = pytester.runpytest_subprocess(
            "-p", "pytest_concurrency", "-q", "--start-method=spawn", folder
        )
        result.assert_outcomes(passed=1)
