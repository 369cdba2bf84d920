"""What stands in for a multiprocessing context when the actors of processes run in threads."""

from __future__ import annotations

import threading
from ctypes import Array
from multiprocessing import sharedctypes
from typing import Any


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
        return sharedctypes.typecode_to_type[typecode](*initial)

    def RawArray(self, typecode: str, size: int) -> Array[Any]:
        return (sharedctypes.typecode_to_type[typecode] * size)()

    def Value(self, typecode: str, *initial: Any) -> Any:
        return sharedctypes.synchronized(self.RawValue(typecode, *initial), self.RLock())

    def Array(self, typecode: str, size: int) -> Any:
        return sharedctypes.synchronized(self.RawArray(typecode, size), self.RLock())
