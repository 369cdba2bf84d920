"""`append(other)` holds the lock of other for both questions.

SCTBench CB/stringbuffer-jdk1.4, for processes.
"""

from multiprocessing.context import BaseContext

CAPACITY = 8


class StringBuffer:
    def __init__(self, context: BaseContext, text: bytes) -> None:
        self.lock = context.RLock()
        self.text = context.RawArray("c", CAPACITY)
        self.text.value = text
        self.count = context.RawValue("i", len(text))

    def length(self) -> int:
        with self.lock:
            return int(self.count.value)

    def characters(self, end: int) -> bytes:
        with self.lock:
            if end > self.count.value:
                raise IndexError(f"{end} characters of {self.count.value}")
            return bytes(self.text.value[:end])

    def delete(self, end: int) -> None:
        with self.lock:
            self.text.value = self.text.value[end:]
            self.count.value = len(self.text.value)

    def append(self, other: "StringBuffer") -> None:
        with self.lock, other.lock:
            length = other.length()
            self.text.value += other.characters(length)
            self.count.value = len(self.text.value)


class Buffers:
    def __init__(self, context: BaseContext) -> None:
        self.target = StringBuffer(context, b"")
        self.source = StringBuffer(context, b"abc")


def setup_with(context: BaseContext) -> Buffers:
    return Buffers(context)


def append(buffers: Buffers) -> None:
    buffers.target.append(buffers.source)


def shrink(buffers: Buffers) -> None:
    buffers.source.delete(3)


ACTORS = (append, shrink)


def check(buffers: Buffers) -> bool:
    return buffers.target.text.value in {b"", b"abc"}
