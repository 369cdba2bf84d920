"""`explain_pickle`: each culprit is named by a path that leads to it, in the same words always."""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import functools
import multiprocessing
import os
import pickle
import socket
import sqlite3
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_concurrency import explain_pickle

HERE = os.path.basename(__file__)
LOCK = threading.Lock()
NAMED_LAMBDA = lambda: None  # noqa: E731
LAMBDA_LINE = NAMED_LAMBDA.__code__.co_firstlineno


def undecorated_name(function: Callable[[], int]) -> Callable[[], int]:
    def wrapper() -> int:
        return function()

    return wrapper


@undecorated_name
def decorated() -> int:
    return 1


def original() -> int:
    return 1


replaced, original = original, functools.partial(original)


def nested() -> Callable[[], None]:
    def inner() -> None:
        pass

    return inner


def local_class() -> type:
    class Local:
        pass

    return Local


class Box:
    """Holds whatever is put into it."""

    def __init__(self, **content: Any) -> None:
        self.__dict__.update(content)

    def method(self) -> None:
        pass


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self, first: Any, second: Any) -> None:
        self.first = first
        self.second = second


class SlottedWithDict(Slotted):
    pass


@dataclasses.dataclass
class Order:
    items: list[Any]
    callback: Any = None


class OwnState:
    def __init__(self) -> None:
        self.lock = LOCK
        self.size = 3

    def __getstate__(self) -> dict[str, Any]:
        return {"size": self.size, "made up": threading.Lock}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class BadOwnState:
    MADE_UP = (1, LOCK)

    def __getstate__(self) -> dict[str, Any]:
        return {"made up": self.MADE_UP}


class RaisingReduce:
    def __reduce__(self) -> Any:
        raise ValueError(f"not me: {object()}")


class TwoArguments(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")


def generator() -> Iterator[int]:
    yield 1


Point = collections.namedtuple("Point", ["x", "y"])


class MyList(list[Any]):
    pass


class MyDict(dict[Any, Any]):
    pass


LAMBDA = f"a lambda ({HERE}:{LAMBDA_LINE})"

# what it is: a root called `obj`, the path to the culprit, what the text says of it
CASES: dict[str, tuple[Callable[[], Any], str, str]] = {
    "lambda": (lambda: NAMED_LAMBDA, "obj", f"is {LAMBDA}; functions are pickled by name"),
    "in a list": (lambda: [1, (2, NAMED_LAMBDA)], "obj[1][1]", f"is {LAMBDA}"),
    "nested function": (nested, "obj", "that nested() makes; functions are pickled by name"),
    "method of an object that cannot": (
        lambda: Box(lock=LOCK).method,
        "obj.__self__.lock",
        "is a lock; a lock belongs to one process",
    ),
    "decorated without wraps": (
        lambda: {"task": decorated},
        "obj['task']",
        "is the decorated function decorated",
    ),
    "replaced under its name": (lambda: replaced, "obj", "original is another object"),
    "open file": (lambda: Box(log=open(os.devnull)), "obj.log", "is an open file"),  # noqa: SIM115
    "open binary file": (lambda: [open(os.devnull, "rb")], "obj[0]", "is an open file"),  # noqa: SIM115
    "socket": (lambda: Box(s=socket.socket()), "obj.s", "is a socket; a socket belongs to"),
    "lock": (lambda: LOCK, "obj", "is a lock"),
    "rlock": (lambda: threading.RLock(), "obj", "is a lock"),
    "event": (lambda: threading.Event(), "obj._cond._lock", "is a lock"),
    "generator": (lambda: Box(rows=generator()), "obj.rows", "is a generator"),
    "module": (lambda: [os], "obj[0]", "is a module; modules are not pickled"),
    "thread-local": (lambda: Box(local=threading.local()), "obj.local", "is a thread-local"),
    "class defined in a function": (
        local_class,
        "obj",
        "is the class Local, which local_class() makes",
    ),
    "instance of it": (
        lambda: Box(child=local_class()()),
        "obj.child",
        "is an instance of the class Local, which local_class() makes",
    ),
    "dict key": (lambda: {NAMED_LAMBDA: 1}, "list(obj)[0]", f"is {LAMBDA}"),
    "value under such a key": (
        lambda: {Box(): LOCK},
        "list(obj.values())[0]",
        "is a lock",
    ),
    "value under a tuple key": (lambda: {(1, "a"): LOCK}, "obj[(1, 'a')]", "is a lock"),
    "set member": (lambda: {NAMED_LAMBDA}, "list(obj)[0]", f"is {LAMBDA}"),
    "slot": (lambda: Slotted(1, LOCK), "obj.second", "is a lock"),
    "slot beside a dict": (lambda: SlottedWithDict(LOCK, 1), "obj.first", "is a lock"),
    "dataclass field": (
        lambda: Order([1, 2, Order([], NAMED_LAMBDA)]),
        "obj.items[2].callback",
        f"is {LAMBDA}",
    ),
    "reduce that raises": (
        RaisingReduce,
        "obj",
        "its own method of pickling raised ValueError: not me: <object object>",
    ),
    "getstate that returns such": (
        BadOwnState,
        "obj.__getstate__()['made up'][1]",
        "is a lock",
    ),
    "partial": (
        lambda: functools.partial(NAMED_LAMBDA),
        "obj.func",
        f"is {LAMBDA}",
    ),
    "default factory": (
        lambda: collections.defaultdict(NAMED_LAMBDA),
        "obj.default_factory",
        f"is {LAMBDA}",
    ),
    "named tuple": (lambda: Point(1, LOCK), "obj[1]", "is a lock"),
    "subclass of list": (lambda: MyList([1, LOCK]), "obj[1]", "is a lock"),
    "subclass of dict": (lambda: MyDict(a=LOCK), "obj['a']", "is a lock"),
    "deque": (lambda: collections.deque([LOCK]), "obj[0]", "is a lock"),
    "args of an exception": (lambda: ValueError(1, LOCK), "obj.args[1]", "is a lock"),
    "dict view": (lambda: {1: 2}.keys(), "obj", "is a view of a dict"),
    "memoryview": (lambda: memoryview(b"1"), "obj", "is a memoryview"),
    "weak reference": (lambda: __import__("weakref").ref(Box), "obj", "is a weak reference"),
    "frame": (lambda: sys._getframe(), "obj", "is a frame"),
    "code": (lambda: generator.__code__, "obj", "is a code; objects of that class do not"),
    "database": (lambda: sqlite3.connect(":memory:"), "obj", "is a database connection"),
    "context variable": (lambda: contextvars.ContextVar("v"), "obj", "is a context variable"),
    "mapping proxy": (lambda: types.MappingProxyType({}), "obj", "is a mappingproxy"),
    "lock of multiprocessing": (
        lambda: {"lock": multiprocessing.get_context("spawn").Lock()},
        "obj['lock']",
        "it can be handed over only while a child is being started: pass it as an argument",
    ),
    "queue of multiprocessing": (
        lambda: multiprocessing.get_context("spawn").Queue(),
        "obj",
        "it can be handed over only while a child is being started",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_culprit(case: str) -> None:
    make, path, text = CASES[case]
    obj = make()
    report = explain_pickle(obj)
    assert not report.picklable
    assert [culprit.path for culprit in report.culprits][:1] == [path]
    assert text in str(report)
    found = eval(path, {"obj": obj})
    with pytest.raises(Exception):  # noqa: B017, PT011 - any way of refusing will do
        pickle.dumps(found)
    if hasattr(found, "close") and not isinstance(found, types.ModuleType):
        found.close()


def test_every_culprit_is_listed_with_every_path() -> None:
    obj = Order([NAMED_LAMBDA, {"lock": LOCK}], callback=LOCK)
    paths = [culprit.path for culprit in explain_pickle(obj).culprits]
    assert paths == ["obj.items[0]", "obj.items[1]['lock']", "obj.callback"]


def test_many_culprits_are_counted() -> None:
    text = str(explain_pickle([LOCK] * 50))
    assert text.count("is a lock") == 20
    assert text.endswith("and 30 more")


def test_a_cycle_is_walked_once() -> None:
    box = Box(lock=LOCK)
    box.__dict__["itself"] = [box]
    report = explain_pickle(box)
    assert [culprit.path for culprit in report.culprits] == ["obj.lock"]
    del box.__dict__["lock"]
    assert explain_pickle(box).picklable


def test_the_name_of_the_root() -> None:
    assert explain_pickle([LOCK], name="order").culprits[0].path == "order[0]"


def test_own_state_that_can_be_pickled_is_no_culprit() -> None:
    assert "lock" in str(explain_pickle(Box(state=LOCK)))
    report = explain_pickle(OwnState())
    assert report.picklable, "threading.Lock itself, the class or function, has a name"


def test_an_exception_that_pickles_and_does_not_load() -> None:
    report = explain_pickle({"errors": [TwoArguments(7, "no luck")]})
    assert [culprit.path for culprit in report.culprits] == ["obj['errors'][0]"]
    assert str(report) == (
        "obj['errors'][0] is an exception of class TwoArguments that pickles but cannot be loaded; "
        "it is made anew from its args alone, and that raises TypeError: "
        "TwoArguments.__init__() missing 1 required positional argument: 'text': "
        "call super().__init__ with all arguments of __init__, or define __reduce__"
    )


def test_ten_thousand_levels() -> None:
    obj: Any = LOCK
    for _ in range(10_000):
        obj = [obj]
    report = explain_pickle(obj)
    assert len(report.culprits) == 1
    assert report.culprits[0].path == "obj" + "[0]" * 10_000
    assert len(str(report)) < 600, "the message is short all the same"
    assert " ... " in str(report)


def test_too_deep_without_any_culprit() -> None:
    obj: Any = 1
    for _ in range(10_000):
        obj = [obj]
    report = explain_pickle(obj)
    try:
        pickle.dumps(obj)
    except RecursionError:
        assert "obj is nested 9,999 levels deep; pickle calls itself" in str(report)
    else:
        assert report.picklable, "a Python that can go as deep as that says so"


def test_a_large_object_is_not_in_the_message() -> None:
    obj = Box(data=b"x" * 100_000_000, lock=LOCK)
    assert len(str(explain_pickle(obj))) < 500
    del obj.__dict__["lock"]
    report = explain_pickle(obj)
    assert report.picklable
    path, size = report.sizes[0]
    assert path == "obj.data"
    assert 100_000_000 < size < 100_000_100
    assert "100,000," in str(report)
    assert len(str(report)) < 500


def test_the_sizes_of_parts() -> None:
    report = explain_pickle({"small": b"1", "large": b"1" * 1000})
    assert next(path for path, size in report.sizes) == "obj['large']"


def test_what_is_defined_in_main_is_lost() -> None:
    """Under pytest `__main__` is pytest: a child would not have what a test puts there."""
    main = sys.modules["__main__"]
    made = type("Made", (), {"__module__": "__main__"})
    main.__dict__["Made"] = made
    try:
        report = explain_pickle([made()])
    finally:
        del main.__dict__["Made"]
    assert [culprit.path for culprit in report.culprits] == ["obj[0]"]
    assert "has another __main__" in str(report)


def test_a_repr_that_raises_is_never_called() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise AssertionError("do not ask")

        __str__ = __repr__

    assert "the class Rude" in str(explain_pickle([Rude()]))


def test_plain_things_can_be_pickled() -> None:
    obj = {"a": [1, 2.0, "3", b"4", None, ..., (5,), {6}, frozenset([7])], "b": Order([]), "c": abs}
    report = explain_pickle(obj)
    assert report.picklable
    assert report.size == len(pickle.dumps(obj))
    assert str(report).startswith(f"obj can be pickled: {report.size} bytes")
