"""`append(other)` holds the lock of other for both questions.

SCTBench CB/stringbuffer-jdk1.4, for tasks. asyncio has no lock that its holder can take again, so
that the caller takes it, and the questions do not.
"""

import asyncio


class StringBuffer:
    def __init__(self, text: str) -> None:
        self.lock = asyncio.Lock()
        self.text = text
        self.count = len(text)

    async def length(self) -> int:
        await asyncio.sleep(0)
        return self.count

    async def characters(self, end: int) -> str:
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
        async with self.lock, other.lock:
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
