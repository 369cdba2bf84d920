"""What stands in for a multiprocessing context when the actors of processes run in threads."""

from __future__ import annotations

import ctypes
import threading
from multiprocessing import sharedctypes
from typing import Any

TYPES: dict[str, Any] = {"b": ctypes.c_byte, "c": ctypes.c_char, "i": ctypes.c_int}
"""The codes that the programs use; multiprocessing means the same by them."""


class ThreadingContext:
    """Makes what programs ask of a context: real ctypes, and locks of `threading` to guard them.

    The locks are looked up when they are asked for, so that a scheduler can put its own in place.
    """

    def Lock(self) -> threading.Lock:
        return threading.Lock()

    def RLock(self) -> Any:
        return threading.RLock()

    def Event(self) -> threading.Event:
        return threading.Event()

    def Condition(self) -> threading.Condition:
        return threading.Condition()

    def RawValue(self, typecode: str, *initial: Any) -> Any:
        return TYPES[typecode](*initial)

    def RawArray(self, typecode: str, size: int) -> Any:
        return (TYPES[typecode] * size)()

    def Value(self, typecode: str, *initial: Any) -> Any:
        return sharedctypes.synchronized(self.RawValue(typecode, *initial), self.RLock())

    def Array(self, typecode: str, size: int) -> Any:
        return sharedctypes.synchronized(self.RawArray(typecode, size), self.RLock())
