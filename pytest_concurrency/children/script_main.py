"""Runs a script as `__main__` with another default start method; given to a fresh interpreter.

    python script_main.py METHOD STACKS SCRIPT [ARGUMENT ...]

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


def _main() -> None:
    method, stacks, script = sys.argv[1:4]
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path[0] == here:
        del sys.path[0]
    sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
    from pytest_concurrency.children.bootstrap import dump_stacks_to

    del sys.path[0]
    if not getattr(sys.flags, "safe_path", False):  # 3.11+
        sys.path.insert(0, os.path.dirname(script))
    dump_stacks_to(stacks)
    faulthandler.enable()
    default = context._default_context  # type: ignore[attr-defined]
    default._default_context = multiprocessing.get_context(method)
    sys.argv[:] = [script, *sys.argv[4:]]
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    names = vars(sys.modules["__main__"])
    for ours in set(names) - {"__builtins__", "__name__", "__spec__", "__loader__", "__package__"}:
        del names[ours]
    names["__file__"] = script
    exec(code, names)


_main()
