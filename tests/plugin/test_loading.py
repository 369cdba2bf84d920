"""However the plugin is asked for, it is loaded once; and when it is not wanted, not at all.

Each cell of the matrix is a run of pytest of its own, on an installed plugin.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = 'pytest_plugins = ["pytest_concurrency"]\n'
AUTOLOAD_OFF = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

TEST = """
def test_loaded(pytestconfig):
    plugins = [plugin for name, plugin in pytestconfig.pluginmanager.list_name_plugin()
               if getattr(plugin, "__name__", "") == "pytest_concurrency.plugin"]
    assert len(plugins) == {times}
    assert hasattr(pytestconfig.option, "start_method") == {loaded}
"""

# arguments, environment, conftest.py, and whether the plugin must be there
MATRIX: dict[str, tuple[list[str], dict[str, str], str, bool]] = {
    "plain": ([], {}, "", True),
    "-p": (["-p", "pytest_concurrency"], {}, "", True),
    "-p no": (["-p", "no:pytest_concurrency"], {}, "", False),
    "-p module": (["-p", "pytest_concurrency.plugin"], {}, "", True),
    "autoload off": ([], AUTOLOAD_OFF, "", False),
    "autoload off, -p": (["-p", "pytest_concurrency"], AUTOLOAD_OFF, "", True),
    "conftest": ([], {}, CONFTEST, True),
    "conftest, -p": (["-p", "pytest_concurrency"], {}, CONFTEST, True),
    "conftest, autoload off": ([], AUTOLOAD_OFF, CONFTEST, True),
    "PYTEST_PLUGINS": ([], {"PYTEST_PLUGINS": "pytest_concurrency"}, "", True),
    "PYTEST_PLUGINS, autoload off": (
        [],
        {"PYTEST_PLUGINS": "pytest_concurrency", **AUTOLOAD_OFF},
        "",
        True,
    ),
    "xdist": (["-n2"], {}, "", True),
    "xdist, -p": (["-n2", "-p", "pytest_concurrency"], {}, "", True),
    "no timeout": (["-p", "no:timeout"], {}, "", True),
    "no xdist": (["-p", "no:xdist"], {}, "", True),
    "no timeout, no xdist": (["-p", "no:timeout", "-p", "no:xdist"], {}, "", True),
}


def run_pytest(folder: Path, arguments: list[str], environment: dict[str, str]) -> str:
    command = [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "-v", *arguments]
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": installed_at(folder), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    return output


def installed_at(folder: Path) -> str:
    """Where the plugin is installed; from a bare checkout it is made to look so."""
    try:
        distribution("pytest-concurrency-hazards")
    except PackageNotFoundError:
        info = folder / "site" / "pytest_concurrency_hazards-0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Name: pytest-concurrency-hazards\nVersion: 0\n")
        (info / "entry_points.txt").write_text(
            "[pytest11]\npytest_concurrency = pytest_concurrency\n"
        )
        return os.pathsep.join([str(info.parent), str(ROOT)])
    return os.environ.get("PYTHONPATH", "")


@pytest.mark.parametrize("cell", MATRIX)
def test_it_is_loaded_once_or_not_at_all(tmp_path: Path, cell: str) -> None:
    arguments, environment, conftest, loaded = MATRIX[cell]
    (tmp_path / "test_it.py").write_text(TEST.format(times=int(loaded), loaded=loaded))
    (tmp_path / "conftest.py").write_text(conftest)
    output = run_pytest(tmp_path, arguments, environment)
    assert "1 passed" in output
    assert "rewritten" not in output


UNUSED = """
import sys

def test_nothing(): pass

def pytest_sessionfinish():
    with open("modules", "w") as file:
        file.write(" ".join(sys.modules))
"""


def test_unused_it_imports_neither_multiprocessing_nor_asyncio(tmp_path: Path) -> None:
    loaded = {}
    for plugin in ("pytest_concurrency", "no:pytest_concurrency"):
        folder = tmp_path / plugin.replace(":", "_")
        folder.mkdir()
        (folder / "conftest.py").write_text(UNUSED)
        (folder / "test_it.py").write_text("def test_nothing(): pass\n")
        run_pytest(folder, ["-p", plugin], {})
        loaded[plugin] = set((folder / "modules").read_text().split())
    because_of_us = loaded["pytest_concurrency"] - loaded["no:pytest_concurrency"]
    heavy = {"multiprocessing", "asyncio", "concurrent", "ctypes", "subprocess", "socket"}
    assert not heavy & {name.partition(".")[0] for name in because_of_us}
    assert "pytest_concurrency.plugin" in because_of_us
