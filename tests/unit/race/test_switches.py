"""Where this interpreter can switch threads: its own answers, measured with threads and signals."""

from __future__ import annotations

import contextlib
import dis
import functools
import gc
import signal
import sys
import sysconfig
import threading

import pytest

from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope

VERSION = sys.version_info[:2]
WITHOUT_GIL = sysconfig.get_config_var("Py_GIL_DISABLED") and not sys._is_gil_enabled()
with_gil = pytest.mark.skipif(
    bool(WITHOUT_GIL), reason="this process runs without the GIL: threads switch anywhere"
)


class Recorded(list):
    """The visible operations of a run, with what was passed before each."""

    def __init__(self, points):
        self.points = points

    def __call__(self, operation: Operation):
        if operation.code.co_filename == __file__:
            self.append((operation.kind, operation.name, self.points.passed_switch()))


def watch(call, points, reach=None):
    """Runs `call` twice in a thread that is watched; the first run may teach what is stored."""
    errors: list[BaseException] = []

    def watched():
        points.watch_thread()
        try:
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            if VERSION < (3, 12):
                sys.settrace(None)

    points.start()
    try:
        for _ in range(2):
            if reach is not None:
                reach.clear()
            thread = threading.Thread(target=watched)
            thread.start()
            thread.join(60)
            assert not thread.is_alive()
            points.refresh()
    finally:
        points.stop()
    if errors:
        raise errors[0]


def recorded(call):
    """Returns (kind, name, passed) of each visible operation of `call`."""
    points = points_for(Scope(), print, natural=True)
    seen = Recorded(points)
    points.call(seen)
    watch(call, points, seen)
    return list(seen)


def switches_inside(call):
    """Tells whether a switch can come after the first visible operation and before the last."""
    seen = recorded(call)
    assert len(seen) >= 2, seen
    return any(passed for _, _, passed in seen[1:])


# The bodies of the table in cpython.md 3.1.

TOTAL = 0


class Plain:
    x = 0
    y = None


class Property:
    _x = 0

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        self._x = value


class SetsItself:
    x = 0

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)


class Finalised:
    def __del__(self):
        pass


def one():
    return 1


def augmented(o):
    o.x += 1


def three_lines(o):
    v = o.x
    v = v + 1
    o.x = v


def item(o):
    d = o.__dict__
    d["x"] += 1


def global_name(_):
    global TOTAL
    TOTAL += 1


def condition(o):
    if o.x >= 0:
        o.x = o.x + 1


def builtin_function(o):
    v = o.x
    len("a")
    o.x = v + 1


def builtin_class(o):
    o.x = o.x + int(1)


def python_function(o):
    o.x = o.x + one()


def inner_loop(o):
    v = o.x
    for _ in (1,):
        pass
    o.x = v + 1


def finaliser(o):
    v = o.x
    o.y = None
    o.x = v + 1


ALWAYS, NEVER = True, False
# Out of 1,600,000 updates by four threads, some (`ALWAYS`) or none (`NEVER`) were lost.
GROUND_TRUTH = [
    (augmented, Plain, NEVER),
    (three_lines, Plain, NEVER),
    (item, Plain, NEVER),
    (global_name, Plain, NEVER),
    (condition, Plain, NEVER),
    (builtin_function, Plain, VERSION == (3, 10)),
    (builtin_class, Plain, ALWAYS),
    (python_function, Plain, ALWAYS),
    (inner_loop, Plain, ALWAYS),
    (finaliser, Plain, ALWAYS),
    (augmented, Property, ALWAYS),
    (augmented, SetsItself, ALWAYS),
]


def new(cls):
    made = cls()
    made.__dict__["x"] = 0
    return made


@with_gil
@pytest.mark.parametrize(
    ("body", "cls", "reachable"),
    GROUND_TRUTH,
    ids=[f"{body.__name__}-{cls.__name__}" for body, cls, _ in GROUND_TRUTH],
)
def test_a_switch_is_possible_exactly_where_updates_were_lost(body, cls, reachable):
    o = new(cls)

    def call():
        if body is finaliser:
            o.__dict__["y"] = Finalised()
        body(o)

    seen = recorded(call)
    first = next(n for n, (kind, name, _) in enumerate(seen) if name in ("x", "TOTAL") or kind == "get-item")
    inside = [passed for _, _, passed in seen[first + 1 :]]
    assert inside, seen
    assert any(inside) == reachable, seen
