"""Waiting with a bound for something that nobody announces."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until something holds.

    Args:
        condition: looked at at least once.
        seconds: how long at the most.

    Returns:
        Whether it held in time.
    """
    deadline = time.monotonic() + seconds
    pause = 0.0005
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
    return True
