"""What is sent to a process and loaded there only when asked for.

What multiprocessing itself loads, before the target runs, can go wrong where nobody is told of it.
What is sealed must not be sent unsealed as well: multiprocessing passes no file descriptor twice.
"""

from __future__ import annotations

import pickle
from multiprocessing import process
from multiprocessing.reduction import ForkingPickler
from typing import Any

__all__ = ["Sealed"]


class Sealed:
    """Holds something that can be sent to a process that is being started.

    Args:
        content: What to send; under fork it is there without being pickled.
    """

    def __init__(self, content: Any) -> None:
        self._content = content

    def __reduce__(self) -> tuple[Any, ...]:
        return _Arrived, (bytes(ForkingPickler.dumps(self._content)),)

    def opened(self) -> Any:
        """Returns the content."""
        return self._content


class _Arrived(Sealed):
    def opened(self) -> Any:
        current: Any = process.current_process()
        # As while multiprocessing loads it: keys and proxies ask for that.
        current._inheriting = True
        try:
            return pickle.loads(self._content)
        finally:
            del current._inheriting
