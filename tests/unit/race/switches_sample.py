"""Code with many kinds of instructions, to sample where the interpreter looks for requests.

Left out is what asks for signals elsewhere: `repr` and `str` do, without giving the GIL away. On
3.11, a comparison at the end of a loop would be fused with its jump.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any


def function(*_: object, **__: object) -> int:
    return 1


class Base:
    def method(self) -> int:
        return 1

    @staticmethod
    def static() -> int:
        return 1

    @classmethod
    def of_class(cls) -> int:
        return 1

    @property
    def computed(self) -> int:
        return 1

    def __call__(self) -> int:
        return 1

    def __getitem__(self, _: int) -> int:
        return 1

    def __add__(self, _: int) -> int:
        return 1

    def __enter__(self) -> Base:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return 1


class Derived(Base):
    held: object = None

    def method(self) -> int:
        return super().method()


class Finalised:
    def __del__(self) -> None:
        pass


class Ends(Exception):
    def __init__(self, value: int) -> None:
        self.value = value


class Meta(type):
    pass


class OneArgument:
    def __init__(self, value: int) -> None:
        self.value = value


class Default:
    def __init__(self, value: int = 1) -> None:
        self.value = value


class Slots:
    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value


class SlotsAndDict:
    __slots__ = ("__dict__", "value")

    def __init__(self, value: int) -> None:
        self.value = value


class AnyArguments:
    def __init__(self, *_: int) -> None:
        pass


class KeywordOnly:
    def __init__(self, *, value: int = 1) -> None:
        self.value = value


class OwnNew:
    def __new__(cls, _: int) -> OwnNew:
        return object.__new__(cls)

    def __init__(self, value: int) -> None:
        self.value = value


class OfMeta(metaclass=Meta):
    def __init__(self, value: int) -> None:
        self.value = value


class ListOfOwn(list[int]):
    pass


def generator() -> Iterator[int]:
    yield 1
    yield 2


def delegating() -> Iterator[int]:
    yield from generator()


@contextlib.contextmanager
def managed() -> Iterator[int]:
    yield 1


async def coroutine() -> int:
    return 1


async def asynchronous() -> AsyncIterator[int]:
    yield 1


async def awaiting() -> None:
    await coroutine()
    async for _ in asynchronous():
        pass


def drive(steps: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(StopIteration):
        steps.send(None)


TEXT = "a"
NUMBER = 1
LOCK = threading.Lock()
PARTIAL = functools.partial(function, 1)
FUNCTIONS: list[Callable[..., Any]] = [function]
CLASSES: list[Callable[..., Any]] = [OneArgument, dict]


def calls(o: Derived, numbers: list[int], own: ListOfOwn) -> None:
    len(numbers)
    len(o)
    len(*[numbers])
    isinstance(numbers, list)
    type(numbers)
    str(TEXT)
    tuple(numbers)
    int(NUMBER)
    object()
    dict(a=1)
    numbers.append(1)
    _ = numbers.append(2)  # type: ignore[func-returns-value]
    list.append(numbers, 3)
    numbers.pop()
    add = numbers.append
    add(1)
    numbers.clear()
    own.append(1)
    own.clear()
    o.method()
    bound = o.method
    bound()
    o.static()
    o.of_class()
    _ = o.computed
    o()
    o[1]
    o + 1
    function(1)
    function(k=1)
    function(*numbers)
    function(*numbers)
    PARTIAL()
    FUNCTIONS[0]()
    CLASSES[1]()
    (lambda: 1)()
    sorted((2, 1), key=function)
    list(map(function, (1, 2)))
    any(each for each in (0, 0))
    max(1, 2)
    getattr(o, "absent", None)
    "a".join(("b", "c"))
    int.from_bytes(b"a", "big")
    o.held = Finalised()
    o.held = None


def classes() -> None:
    OneArgument(1)
    OneArgument(value=1)
    Default()
    Slots(1)
    SlotsAndDict(1)
    AnyArguments(1)
    KeywordOnly()
    OwnNew(1)
    OfMeta(1)
    Ends(1)

    class Local:
        pass

    Local()


def blocks(o: Derived) -> int:
    with o:
        pass
    with LOCK:
        pass
    with managed():
        pass
    LOCK.acquire()
    try:
        n = 3
    finally:
        LOCK.release()
    try:
        raise Ends(1)
    except Ends:
        pass
    try:
        try:
            object.__new__(Ends)
        finally:
            function()
    except TypeError:
        pass
    for _ in generator():
        pass
    for _ in delegating():
        pass
    for _ in (1, 2):
        pass
    drive(awaiting())
    [function() for _ in (1, 2)]
    while n:
        n -= 1
    while True:
        n += 1
        if n == 3:
            break
        if n == 2:
            continue
    if o:
        n = 1
    return n if n and o else function()


def everything(o: Derived, numbers: list[int], own: ListOfOwn) -> None:
    calls(o, numbers, own)
    classes()
    blocks(o)
