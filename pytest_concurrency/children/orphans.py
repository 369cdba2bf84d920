"""Orphans: processes below us whose own parent has ended.

The system gives them to process 1, out of our sight, unless an ancestor has declared itself a
"child subreaper" (Linux, `man 2 PR_SET_CHILD_SUBREAPER`).
"""

from __future__ import annotations

import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37


class OrphanAdoption:
    """While on, orphaned descendants become children of this process, and so can be found.

    A process that was a subreaper before stays one.
    """

    def __init__(self) -> None:
        self._on = False

    def turn_on(self) -> None:
        """Adopt from now on; does nothing where the system cannot."""
        if not self._on and sys.platform == "linux" and not _is_subreaper():
            self._on = _set_subreaper(True)

    def turn_off(self) -> None:
        """Adopt no more; what was adopted stays ours."""
        if self._on:
            _set_subreaper(False)
            self._on = False


def end_with_parent() -> None:
    """Has the system kill this process when its parent ends; does nothing where it cannot.

    Under forkserver that is the server, which ends with the last of those that it serves.
    """
    if sys.platform == "linux":
        import ctypes

        _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))


def _is_subreaper() -> bool:
    import ctypes

    answer = ctypes.c_int()
    _prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(answer))
    return bool(answer.value)


def _set_subreaper(on: bool) -> bool:
    import ctypes

    return _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(on)) == 0


def _prctl(option: int, argument: object) -> int:
    import ctypes

    status: int = ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)
    return status
