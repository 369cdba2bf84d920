"""How a process ended, in words."""

from __future__ import annotations

import signal

_USUAL = {
    "SIGKILL": "killed: by the test, the system's out-of-memory killer, or an operator",
    "SIGSEGV": "a crash in C code: an extension module, ctypes, or the interpreter",
    "SIGABRT": "abort() in C code",
    "SIGTERM": "terminated: terminate() or the end of a `with Pool()` block",
    "SIGINT": "interrupted",
}


def describe_exit(exitcode: int) -> str:
    """Say what an exit code means.

    Args:
        exitcode: as in `Process.exitcode`; negative for a signal.

    Returns:
        Words such as ``exit code 3`` or ``signal 9, SIGKILL (killed: ...)``.
    """
    if exitcode >= 0:
        return f"exit code {exitcode}"
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        return f"signal {-exitcode}"
    usual = f" ({_USUAL[name]})" if name in _USUAL else ""
    return f"signal {-exitcode}, {name}{usual}"
