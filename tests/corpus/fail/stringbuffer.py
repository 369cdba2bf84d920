"""`append(other)` asks other for its length, then for that many characters; other shrinks between.

Kind: atomicity violation. Every method is synchronised, two of them in a row are not.
SCTBench CB/stringbuffer-jdk1.4: 2 threads with main, 10 steps.
"""

import threading


class StringBuffer:
    def __init__(self, text: str) -> None:
        self.lock = threading.RLock()
        self.text = text
        self.count = len(text)

    def length(self) -> int:
        with self.lock:
            return self.count

    def characters(self, end: int) -> str:
        with self.lock:
            if end > self.count:
                raise IndexError(f"{end} characters of {self.count}")
            return self.text[:end]

    def delete(self, end: int) -> None:
        with self.lock:
            self.text = self.text[end:]
            self.count = len(self.text)

    def append(self, other: "StringBuffer") -> None:
        with self.lock:
            length = other.length()
            self.text += other.characters(length)
            self.count = len(self.text)


class Buffers:
    def __init__(self) -> None:
        self.target = StringBuffer("")
        self.source = StringBuffer("abc")


def setup() -> Buffers:
    return Buffers()


def append(buffers: Buffers) -> None:
    buffers.target.append(buffers.source)


def shrink(buffers: Buffers) -> None:
    buffers.source.delete(3)


ACTORS = (append, shrink)


def check(buffers: Buffers) -> bool:
    return buffers.target.text in {"", "abc"}
