"""What the README shows is what happens."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="there is no README beside the tests")


def test_its_examples_pass(pytester: pytest.Pytester) -> None:
    result = run_its_examples(pytester, "-W", "error", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_the_last_one_is_missing hazard shown*"])


def test_what_it_says_is_printed_is_printed(pytester: pytest.Pytester) -> None:
    blocks = shown_blocks("printed by")
    assert len(blocks) == 4
    for name, shown in blocks:
        result = run_its_examples(pytester, "-rP", "-k", name)
        printed = result.stdout.str().partition("Captured stdout call")[2]
        assert normalised(printed)[1 : 1 + len(normalised(shown))] == normalised(shown)


def test_its_output_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    command, shown = shown_block("output of")
    result = subprocess.run(
        [sys.executable, "-m", *shlex.split(command), "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert normalised(shown) == normalised(relevant(result.stdout)), result.stdout


def test_every_option_and_marker_it_names_exists(pytester: pytest.Pytester) -> None:
    options = set(re.findall(r"`(--[a-z-]+)", README.read_text()))
    assert {"--start-method", "--hazards", "--leaks"} <= options
    known = pytester.runpytest_subprocess("-p", "pytest_concurrency", "--help").stdout.str()
    assert [option for option in options if option not in known] == []
    markers = set(re.findall(r"@pytest\.mark\.(\w+)", README.read_text()))
    assert {"start_method", "hazard", "fix", "fact"} <= markers
    known = pytester.runpytest_subprocess("-p", "pytest_concurrency", "--markers").stdout.str()
    assert [marker for marker in markers if f"@pytest.mark.{marker}(" not in known] == []


def test_its_two_commands_are_those_that_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    main_job = "python -m pip install . && python -m pytest -p pytest_concurrency examples"
    for command in (main_job, "python -m pip install tox && python -m tox"):
        assert f"\n    {command}\n" in README.read_text()
    assert main_job in script.replace("--quiet ", "")
    assert re.search(r"-m pip install --quiet tox\n.*-m tox\n", script)


@pytest.mark.parametrize("program", ["account", "reorder_4", "stringbuffer-jdk1.4"])
def test_its_table_of_schedules_is_what_the_benchmark_counts(program: str) -> None:
    benchmark = runpy.run_path(str(README.parent / "benchmarks" / "race_schedules.py"))
    expected = benchmark["TARGETS"][program]
    assert benchmark["row"](program, 20, expected, benchmark["LIMIT"]) in README.read_text()


def run_its_examples(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) >= 5
    pytester.makepyfile(**{f"test_block_{number}": block for number, block in enumerate(blocks)})
    return pytester.runpytest_subprocess("-p", "pytest_concurrency", *arguments)


def shown_block(title: str) -> tuple[str, str]:
    """The source of a block of output, from the comment above it, and the block."""
    found = re.search(rf"<!-- {title}: (.*?) -->\n```\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1], found[2]


def shown_blocks(title: str) -> list[tuple[str, str]]:
    """The blocks of output with such a comment above them, and what it names."""
    return re.findall(rf"<!-- {title}: (.*?) -->\n```\n(.*?)```", README.read_text(), re.DOTALL)


def relevant(output: str) -> str:
    """From the first failure to the table of hazards."""
    start = re.search(r"^_+ .* _+$", output, re.MULTILINE)
    end = re.search(r"^=+ short test summary", output, re.MULTILINE)
    assert start is not None
    assert end is not None
    return output[start.start() : end.start()]


def normalised(text: str) -> list[str]:
    """Without what differs from machine to machine: rulers, carets, line numbers and folders."""
    lines = [re.sub(r"[_=-]{3,}", "---", line).rstrip() for line in text.splitlines()]
    lines = [re.sub(r"(\S*/)?(examples/\S+\.py):\d+", r"\2", line) for line in lines]
    lines = [re.sub(r"^test_\w+\.py$", "test.py", line) for line in lines]
    lines = [re.sub(r"\(test_\w+\.py:\d+\)", "(test.py)", line) for line in lines]
    return [line for line in lines if line.strip(" ^~")]
