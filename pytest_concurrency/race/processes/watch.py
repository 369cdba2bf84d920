"""What the operating system says of an actor that has the turn: that it runs, sleeps or is gone.

An actor that has the turn and sleeps is in a call that blocks and is not modelled: a file lock, a
socket, a database that is busy.
"""

from __future__ import annotations

import time
from pathlib import Path

__all__ = ["Watch"]

# How often in a row an actor is seen asleep at one place before it counts as blocked outside; a
# look every 50 ms.
_LOOKS = 4
_PROC = Path("/proc")
_monotonic = time.monotonic


class Watch:
    """Watches one actor during one turn."""

    def __init__(self) -> None:
        self._seen: object = None
        self._looks = 0
        self._since = _monotonic()

    def sleeps(self, pid: int, thread: int, step: int) -> bool:
        """Looks once; tells whether the thread has been asleep for several looks.

        Args:
            pid: Of the process.
            thread: The system's number of the thread.
            step: How many visible operations there have been.
        """
        now = (step, _asleep(pid, thread))
        if now != self._seen:
            if self._seen is None or now[0] != self._seen[0]:  # type: ignore[index]
                self._since = _monotonic()
            self._seen, self._looks = now, 0
        elif now[1] is not None:
            self._looks += 1
        return self._looks >= _LOOKS

    @property
    def is_asleep(self) -> bool:
        """Whether it was asleep at the last look, or cannot be looked at."""
        return not isinstance(self._seen, tuple) or self._seen[1] is not None

    @property
    def seconds(self) -> float:
        """How long it has done nothing visible."""
        return _monotonic() - self._since


def _asleep(pid: int, thread: int) -> tuple[str, ...] | None:
    """Returns something that stays the same while a thread sleeps; None if it does not sleep."""
    try:
        text = (_PROC / str(pid) / "task" / str(thread) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command, in parentheses, may itself contain spaces and parentheses.
    fields = text[text.rindex(")") + 2 :].split()
    # The times spent in user mode and in the kernel: they grow while it polls.
    return tuple(fields[11:13]) if fields[0] in "SD" else None
