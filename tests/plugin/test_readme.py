"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
pytestmark = pytest.mark.skipif(not README.exists(), reason="there is no README beside the tests")


def test_its_examples_pass(pytester: pytest.Pytester) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) >= 4
    pytester.makepyfile(**{f"test_block_{number}": block for number, block in enumerate(blocks)})
    result = pytester.runpytest_subprocess("-p", "pytest_concurrency", "-W", "error", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_the_last_one_is_missing hazard shown*"])


def test_its_output_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    command, shown = shown_output()
    result = subprocess.run(
        [sys.executable, "-m", *shlex.split(command), "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert normalised(shown) == normalised(relevant(result.stdout)), result.stdout


def shown_output() -> tuple[str, str]:
    found = re.search(r"<!-- output of: (.*?) -->\n```\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1], found[2]


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
    return [line for line in lines if line.strip(" ^~")]
