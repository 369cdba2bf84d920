"""A flag is to switch the GIL off, and Python does not start, or ignores it.

One tutorial says that since Python 3.13 one builds with `--disable-gil` and must then run with `-X
gil=0` or `PYTHON_GIL=0`. Two things are mixed up there. The build decides: only a free-threaded one
(python3.13t, python3.14t) can do without the GIL, and does so without any flag. On such a build `-X
gil=0` keeps the GIL off where an extension module that is not ready would switch it on, and `-X
gil=1` switches it on.

An ordinary build has its GIL for good. From 3.13 on it knows the flag and refuses to start; up to
3.12 it does not know it and says nothing.

Do not ask by version or by flag, ask the interpreter: `sysconfig.get_config_var("Py_GIL_DISABLED")`
tells what the build can, and `sys._is_gil_enabled()`, from 3.13 on, what is so now.

    pytest -p pytest_concurrency examples/c04_threads/test_14_gil_flag.py --hazards=fail
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig

import pytest

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
ASK = (
    'import sys; print("GIL on" if getattr(sys, "_is_gil_enabled", lambda: True)() else "GIL off")'
)
REFUSED = "Disabling the GIL is not supported by this build"


def answer_of_python(*flags: str) -> str:
    """What a fresh interpreter says of its GIL, or why it does not start."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHON_GIL"}
    ended = subprocess.run(
        [sys.executable, "-S", *flags, "-c", ASK],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return (ended.stdout + ended.stderr).splitlines()[0]


@pytest.mark.skipif(FREE_THREADED, reason="this is a free-threaded build: -X gil=0 is allowed")
@pytest.mark.hazard(
    "gil-flag-on-standard-build",
    match=REFUSED if sys.version_info >= (3, 13) else "GIL on",
    why="whether there is a GIL is decided when Python is built; a flag cannot remove it",
)
def test_the_flag_does_not_remove_the_gil_of_an_ordinary_build() -> None:
    answer = answer_of_python("-X", "gil=0")
    assert answer == "GIL off", f"python -X gil=0 answers: {answer}"


@pytest.mark.fix("gil-flag-on-standard-build")
def test_the_build_alone_says_whether_there_is_a_gil() -> None:
    assert answer_of_python() == ("GIL off" if FREE_THREADED else "GIL on")


# See also: test_13_gil_one_at_a_time.py, for what the GIL does.
