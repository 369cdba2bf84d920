"""`append(other)` asks other for its length, then for that many characters; other shrinks between.

Kind: atomicity violation. Every method holds the lock to its end, two of them in a row do not.
SCTBench CB/stringbuffer-jdk1.4, for tasks: an await between two accesses of one method.
"""

import asyncio


class StringBuffer:
    def __init__(self, text: str) -> None:
        self.lock = asyncio.Lock()
        self.text = text
        self.count = len(text)

    async def length(self) -> int:
        async with self.lock:
            await asyncio.sleep(0)
            return self.count

    async def characters(self, end: int) -> str:
        async with self.lock:
            if end > self.count:
                raise IndexError(f"{end} characters of {self.count}")
            await asyncio.sleep(0)
            return self.text[:end]

    async def delete(self, end: int) -> None:
        async with self.lock:
            self.text = self.text[end:]
            await asyncio.sleep(0)
            self.count = len(self.text)

    async def append(self, other: "StringBuffer") -> None:
        async with self.lock:
            length = await other.length()
            self.text += await other.characters(length)
            self.count = len(self.text)


class Buffers:
    def __init__(self) -> None:
        self.target = StringBuffer("")
        self.source = StringBuffer("abc")


def setup() -> Buffers:
    return Buffers()


async def append(buffers: Buffers) -> None:
    await buffers.target.append(buffers.source)


async def shrink(buffers: Buffers) -> None:
    await buffers.source.delete(3)


ACTORS = (append, shrink)


def check(buffers: Buffers) -> bool:
    return buffers.target.text in {"", "abc"}
