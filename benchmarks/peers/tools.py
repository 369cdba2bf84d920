"""The tools that are compared: how each is used, its environment, and how its worker is asked.

The peers are used in the fastest of the ways that they document. What was chosen, as measured with
Python 3.13 on two cores, in schedules per second of the smaller and of the larger program:

- interleave-test: PCT makes 1,160 and 170 by opcode, 1,800 and 500 by line; its random walk 720 and
  40, 1,490 and 140; its DFS as many as PCT. By line it is blind to what happens within a line, to
  `counter.value += 1` for instance, so its figure by opcode is the one to compare with.
- frontrun: without `detect_io`, its random schedules 570 and 100, and DPOR 460 and 137, which needs
  only 34 for the smaller program as all others are equivalent. `search="bit-reversal"` makes no
  difference. `LD_PRELOAD`, which the command `frontrun` adds to FRONTRUN_ACTIVE, serves input and
  output only.
- For the seconds to a bug, both are given several ways, since none is the fastest everywhere. DPOR
  without a virtual clock sees a deadlock of waiters only after 5 seconds, and with the explored one
  it finds what the virtual one does, as fast, and a sleeper that wakes early besides.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from peers import ROOT
from peers.protocol import Answer, Request

INSTALLATION_SECONDS = 300
STARTING_SECONDS = 10
_MARKER = "installed"


@dataclass(frozen=True)
class Tool:
    """A tool, and the ways to use it.

    Args:
        name: Its name on the package index, or `ours`.
        worker: The module of its worker.
        speed_ways: The ways whose schedules per second are counted, by what the table calls them.
        bug_ways: The ways of which the fastest counts for each program.
        variables: What its worker needs in its environment.
    """

    name: str
    worker: str
    speed_ways: dict[str, str]
    bug_ways: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


TOOLS = (
    Tool(
        "ours",
        "worker_ours",
        {"PCT": "pct", "random walk": "random"},
        ("default",),
    ),
    Tool(
        "interleave-test",
        "worker_interleave_test",
        {"PCT, by opcode": "opcode pct", "PCT, by line": "line pct"},
        ("opcode pct", "opcode random", "line pct"),
    ),
    Tool(
        "frontrun",
        "worker_frontrun",
        {"random": "random real", "DPOR": "dpor real"},
        ("random real", "random explored", "dpor explored"),
        {"FRONTRUN_ACTIVE": "1"},
    ),
)


class Unavailable(Exception):
    """The environment of a tool could not be made; the text says why."""


def requirements(table: str) -> list[str]:
    """Returns a list of requirements of pyproject.toml.

    Python 3.10 has no tomllib. A list of strings is written alike in TOML and in Python.

    Args:
        table: `dependencies`, or the name of a dependency group.
    """
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(rf"^{table} = (\[.*?\])$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"pyproject.toml has no list {table!r}")
    listed: list[str] = ast.literal_eval(found[1])
    return listed


def wanted_by(tool: Tool) -> list[str]:
    """Returns what is installed for a tool: its pin, or for ours what it depends on."""
    if tool.name == "ours":
        return requirements("dependencies")
    return [pin for pin in requirements("bench") if pin.startswith(f"{tool.name}==")]


def interpreter_for(tool: Tool, python: str, cache: Path) -> str:
    """Makes the environment of a tool if it is not there, and returns its interpreter.

    Args:
        tool: Whose.
        python: The interpreter to make it from.
        cache: The folder of all environments.

    Raises:
        Unavailable: pip could not install the tool, for want of a network or for this Python.
    """
    wanted = wanted_by(tool)
    folder = cache / f"{tool.name}-python{version_of(python)}"
    marker = folder / _MARKER
    interpreter = str(folder / "bin" / "python")
    if marker.exists() and marker.read_text() == "\n".join(wanted):
        return interpreter
    folder.parent.mkdir(parents=True, exist_ok=True)
    _output([python, "-m", "venv", "--clear", str(folder)])
    pip = [interpreter, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _output([*pip, *wanted])
    marker.write_text("\n".join(wanted))
    return interpreter


def version_of(python: str) -> str:
    """Returns the version of an interpreter, `3.13.0`; a free-threaded one has a `t` behind it."""
    program = "import sys, platform; print(platform.python_version() + 't' * ('t' in sys.abiflags))"
    return _output([python, "-c", program])


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=INSTALLATION_SECONDS
        )
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(lines[0] if lines else error.stderr.strip()[-200:]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from error
    return done.stdout.strip()


def ask(tool: Tool, interpreter: str, request: Request) -> Answer:
    """Has a worker, in a process of its own, answer a request.

    A tool that hangs is killed some seconds after its limit; one that breaks is quoted.

    Args:
        tool: Whose worker.
        interpreter: The one of its environment.
        request: What to do.
    """
    limit = STARTING_SECONDS + 2 * request.seconds
    try:
        done = subprocess.run(
            [interpreter, "-m", f"peers.{tool.worker}"],
            input=json.dumps(dataclasses.asdict(request)),
            capture_output=True,
            text=True,
            cwd=ROOT / "benchmarks",
            env={**os.environ, "PYTHONHASHSEED": "0", **tool.variables},
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return Answer(0, limit, trouble=f"hung, killed after {limit:g} s")
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return Answer(0, 0.0, trouble=last)
    return Answer(**json.loads(lines[-1]))
