"""Runs a script as `__main__` with another default start method, in a fresh interpreter.

The default is changed, not settled: the script may still call `set_start_method` itself. Its code
runs in the interpreter's own `__main__`, because a child of it looks there for the file to import,
and because what it defines must live as long as the interpreter.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import sys
from multiprocessing import context
from types import TracebackType
from typing import Any

from pytest_concurrency.children.bootstrap import dump_stacks_to


def main(method: str, stacks: str, script: str, *argv: str) -> None:
    """Run a script.

    Args:
        method: the default start method.
        stacks: the folder for stack dumps.
        script: the path of the file.
        *argv: the arguments it finds in `sys.argv`.
    """
    if not getattr(sys.flags, "safe_path", False):  # 3.11+
        sys.path.insert(0, os.path.dirname(script))
    dump_stacks_to(stacks)
    faulthandler.enable()
    default: Any = context._default_context
    default._default_context = multiprocessing.get_context(method)
    sys.argv[:] = [script, *argv]
    sys.excepthook = _without_our_frames
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    names = vars(sys.modules["__main__"])
    names["__file__"] = script
    exec(code, names)


def _without_our_frames(
    kind: type[BaseException], error: BaseException, entry: TracebackType | None
) -> None:
    while entry is not None and entry.tb_frame.f_code.co_filename in ("<string>", __file__):
        entry = entry.tb_next
    sys.__excepthook__(kind, error.with_traceback(entry), entry)
