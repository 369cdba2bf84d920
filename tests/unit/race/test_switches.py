"""Where this interpreter can switch threads: as measured with threads, and with signals."""

from __future__ import annotations

import contextlib
import dis
import functools
import itertools
import signal
import sys
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest

import pytest_concurrency
from pytest_concurrency.race.points.choice import points_for
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.switches import Switches
from pytest_concurrency.race.points.table import Points
from tests.unit.race import switches_sample as sample

VERSION = sys.version_info[:2]
with_gil = pytest.mark.skipif(
    Switches().everywhere, reason="this process runs without the GIL: threads switch anywhere"
)


def watch(points: Points, call: Callable[[], object], before: Callable[[], object]) -> None:
    """Runs `call` twice in a thread that is watched; the first run teaches what is stored."""
    errors: list[BaseException] = []

    def watched() -> None:
        # Threads of `threading` begin with the trace function of coverage, if there is one.
        sys.settrace(None)
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
            before()
            thread = threading.Thread(target=watched)
            thread.start()
            thread.join(60)
            assert not thread.is_alive()
            points.refresh()
    finally:
        points.stop()
    if errors:
        raise errors[0]


def operations_of(call: Callable[[], object]) -> list[tuple[str, str, bool]]:
    """Returns kind, name and whether a switch point came before it, of each operation here."""
    seen: list[tuple[str, str, bool]] = []

    def reach(operation: Operation) -> None:
        if operation.code.co_filename == __file__ and operation.function != "watched":
            seen.append((operation.kind, operation.name, points.passed_switch()))

    points = points_for(Scope(), reach, natural=True)
    watch(points, call, seen.clear)
    return seen


def switches_between(
    first: tuple[str, str], last: tuple[str, str], call: Callable[[], object]
) -> bool:
    """Tells whether a switch can come between two operations, given by kind and name."""
    seen = operations_of(call)
    places = [(kind, name) for kind, name, _ in seen]
    start = places.index(first)
    end = places.index(last, start + 1)
    return any(passed for _, _, passed in seen[start + 1 : end + 1])


# The bodies of the table in cpython.md 3.1.

TOTAL = 0
ONE = 1


class Plain:
    x = 0
    old: object = None

    def __init__(self) -> None:
        self.__dict__["x"] = 0


class Property(Plain):
    _x = 0

    @property
    def x(self) -> int:
        return self._x

    @x.setter
    def x(self, value: int) -> None:
        self._x = value


class OwnSetattr(Plain):
    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


class Finalised:
    def __del__(self) -> None:
        pass


def one() -> int:
    return 1


def augmented(o: Plain) -> None:
    o.x += 1


def three_lines(o: Plain) -> None:
    v = o.x
    v = v + 1
    o.x = v


def item(o: Plain) -> None:
    d = o.__dict__
    d["x"] += 1


def global_name(_: Plain) -> None:
    global TOTAL
    TOTAL += 1


def condition(o: Plain) -> None:
    if o.x >= 0:
        o.x = o.x + 1


def builtin_function(o: Plain) -> None:
    v = o.x
    len("a")
    o.x = v + 1


def builtin_class(o: Plain) -> None:
    o.x = o.x + int(ONE)


def python_function(o: Plain) -> None:
    o.x = o.x + one()


def inner_loop(o: Plain) -> None:
    v = o.x
    for _ in (1,):
        pass
    o.x = v + 1


def finaliser(o: Plain) -> None:
    o.__dict__["old"] = Finalised()
    v = o.x
    o.old = None
    o.x = v + 1


# Whether some of 1,600,000 updates by four threads were lost.
LOST, NONE_LOST = True, False
GROUND_TRUTH: list[tuple[Callable[[Plain], None], type[Plain], bool]] = [
    (augmented, Plain, NONE_LOST),
    (three_lines, Plain, NONE_LOST),
    (item, Plain, NONE_LOST),
    (global_name, Plain, NONE_LOST),
    (condition, Plain, NONE_LOST),
    (builtin_function, Plain, LOST if VERSION == (3, 10) else NONE_LOST),
    (builtin_class, Plain, LOST),
    (python_function, Plain, LOST),
    (inner_loop, Plain, LOST),
    (finaliser, Plain, LOST),
    (augmented, Property, LOST),
    (augmented, OwnSetattr, LOST),
]


@with_gil
@pytest.mark.parametrize(
    ("body", "kind", "lost"),
    GROUND_TRUTH,
    ids=[f"{body.__name__}-{kind.__name__}" for body, kind, _ in GROUND_TRUTH],
)
def test_a_switch_is_possible_where_threads_lost_updates(
    body: Callable[[Plain], None], kind: type[Plain], lost: bool
) -> None:
    seen = operations_of(functools.partial(body, kind()))
    reads = [n for n, (what, name, _) in enumerate(seen) if (what, name) in READS]
    inside = [passed for _, _, passed in seen[reads[0] + 1 :]]
    assert inside, seen
    assert any(inside) is lost, seen


READS = {("read", "x"), ("read", "TOTAL"), ("get-item", "")}


def is_instance(o: Plain) -> None:
    v = o.x
    isinstance(o, Plain)
    o.x = v


def type_of(o: Plain) -> None:
    v = o.x
    type(o)
    o.x = v


def appended(o: Plain) -> None:
    items: list[int] = []
    v = o.x
    items.append(1)
    o.x = v


def appended_and_kept(o: Plain) -> None:
    items: list[int] = []
    v = o.x
    _ = items.append(1)  # type: ignore[func-returns-value]
    o.x = v


def spread(o: Plain) -> None:
    v = o.x
    len(*["a"])
    o.x = v


class Reading:
    def __init__(self, o: Plain) -> None:
        self.read = o.x


def made(o: Plain) -> None:
    Reading(o)
    o.x = 1


class WithSuper(Plain):
    def found(self) -> None:
        v = self.x
        _ = super().__str__
        self.x = v


def found_by_super(o: Plain) -> None:
    assert isinstance(o, WithSuper)
    o.found()


@with_gil
@pytest.mark.parametrize(
    ("body", "possible"),
    [
        (is_instance, VERSION < (3, 11)),
        (type_of, VERSION < (3, 11)),
        (appended, VERSION < (3, 11)),
        (appended_and_kept, VERSION < (3, 15)),
        (spread, True),
        (made, VERSION < (3, 13)),
        (found_by_super, VERSION < (3, 12)),
    ],
)
def test_specialised_instructions_look_for_nothing(
    body: Callable[[Plain], None], possible: bool
) -> None:
    # What never happens cannot be sampled for certain; these were not seen in 100,000 samples.
    call = functools.partial(body, WithSuper())
    assert switches_between(("read", "x"), ("write", "x"), call) is possible


def popping(o: Plain, items: set[int]) -> None:
    v = o.x
    items.pop()
    o.x = v


@with_gil
def test_a_call_counts_for_the_operation_behind_it() -> None:
    call = functools.partial(popping, Plain(), set(range(4)))
    assert not switches_between(("read", "x"), ("call", "pop"), call)
    assert switches_between(("call", "pop"), ("write", "x"), call)


def leaving_a_stack(o: Plain) -> None:
    with contextlib.ExitStack() as stack:
        stack.callback(augmented, o)
    o.old = 1


@with_gil
def test_points_in_the_standard_library_count() -> None:
    # Between the two, only the loop of ExitStack over its callbacks looks for requests.
    call = functools.partial(leaving_a_stack, Plain())
    assert switches_between(("write", "x"), ("write", "old"), call)


def handling(o: Plain) -> None:
    try:
        del o.absent  # type: ignore[attr-defined]
    except AttributeError:
        o.old = 1


@with_gil
def test_the_handler_of_an_exception_is_one_on_3_10_only() -> None:
    call = functools.partial(handling, Plain())
    possible = switches_between(("delete", "absent"), ("write", "old"), call)
    assert possible is (VERSION == (3, 10))


def stand_in_for_a_lock() -> Any:
    """Returns an object with methods of ours, as a lock has during a race."""
    namespace: dict[str, Any] = {}
    source = "def acquire(self):\n for _ in (1, 2): abs(1)\ndef leave(self, *_): pass"
    exec(compile(source, pytest_concurrency.__file__, "exec"), namespace)
    acquire, leave = namespace["acquire"], namespace["leave"]
    return type("Lock", (), {"acquire": acquire, "__enter__": acquire, "__exit__": leave})()


def acquiring(o: Plain, lock: Any) -> None:
    lock.acquire()
    o.x = 1


def entering(o: Plain, lock: Any) -> None:
    with lock:
        o.x = 1
    o.old = 1


@with_gil
def test_a_stand_in_counts_as_what_it_stands_for() -> None:
    lock = stand_in_for_a_lock()
    call = functools.partial(acquiring, Plain(), lock)
    assert switches_between(("call", "acquire"), ("write", "x"), call)
    call = functools.partial(entering, Plain(), lock)
    # Only 3.14 enters by an ordinary call; 3.15 looks for nothing after it (gh-148874).
    possible = switches_between(("enter", ""), ("write", "x"), call)
    assert possible is (VERSION == (3, 14))
    assert switches_between(("exit", ""), ("write", "old"), call)


def test_other_threads_do_not_count() -> None:
    switches = Switches()
    switches.everywhere = False
    thread = threading.Thread(target=switches.note, args=(one.__code__, 0))
    thread.start()
    thread.join(60)
    assert not switches.take()
    switches.note(one.__code__, 0)
    assert switches.take()
    assert not switches.take()


def test_every_point_is_one_without_the_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: int(name == "Py_GIL_DISABLED"))
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    switches = Switches()
    assert switches.take()
    assert switches.take()
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    assert not Switches().take()


def test_points_that_are_not_asked_for_the_natural_ones_say_yes() -> None:
    o, answers = Plain(), []
    points = points_for(Scope(), lambda _: answers.append(points.passed_switch()))
    watch(points, lambda: augmented(o), answers.clear)
    assert answers
    assert all(answers)


@pytest.mark.skipif(VERSION < (3, 12), reason="this Python has no sys.monitoring")
def test_nothing_is_watched_afterwards() -> None:
    monitoring: Any = vars(sys)["monitoring"]
    tools = [monitoring.get_tool(each) for each in range(6)]
    points = points_for(Scope(), lambda _: None, natural=True)
    watch(points, lambda: augmented(Plain()), lambda: None)
    assert [monitoring.get_tool(each) for each in range(6)] == tools
    monitoring.use_tool_id(4, "test")
    try:
        assert monitoring.get_events(4) == 0
        assert monitoring.get_local_events(4, augmented.__code__) == 0
        for event in ("PY_START", "PY_RESUME", "JUMP", "CALL", "C_RETURN", "INSTRUCTION"):
            assert monitoring.register_callback(4, getattr(monitoring.events, event), None) is None
    finally:
        monitoring.free_tool_id(4)


# The interpreter itself: a handler written in Python runs where threads can be switched.

Place = tuple[CodeType, int]
SAMPLES = 4_000
ROUNDS = 60_000


def predicted_in(call: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> set[Place]:
    """Returns where the natural points take note while `call` runs."""
    places: set[Place] = set()
    points: Any = points_for(Scope(), lambda _: None, natural=True)
    monkeypatch.setattr(points.switches, "note", lambda code, offset: places.add((code, offset)))
    watch(points, call, lambda: None)
    return places


def sampled_in(call: Callable[[], object]) -> Counter[Place]:
    """Returns where signal handlers ran while `call` ran again and again."""
    places: Counter[Place] = Counter()

    def handler(_: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename == sample.__file__:
            places[frame.f_code, frame.f_lasti] += 1

    for _ in range(1_000):
        # Until it is specialised, an instruction looks for requests more often.
        call()
    began = time.monotonic()
    # The timer is also that of pytest-timeout.
    old_timer = signal.setitimer(signal.ITIMER_REAL, 0)
    old_handler = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 5e-5, 5e-5)
        for _ in range(ROUNDS):
            call()
            if places.total() >= SAMPLES:
                break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        if old_timer[0]:
            left = old_timer[0] - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), old_timer[1])
    return places


def name_of(code: CodeType, offset: int) -> str:
    """Returns the instruction and line of a place."""
    lines = [line for start, line in dis.findlinestarts(code) if start <= max(offset, 0) and line]
    names = [each.opname for each in dis.get_instructions(code) if each.offset == offset]
    return f"{code.co_name}:{lines[-1] if lines else '?'} {names or 'entry'} at {offset}"


def call_behind(code: CodeType, offset: int) -> Place:
    """Returns the CALL that belongs to a PRECALL, for which 3.11 does both when specialised."""
    instructions = list(dis.get_instructions(code))
    for each, following in itertools.pairwise(instructions):
        if each.offset == offset and each.opname == "PRECALL":
            return code, following.offset
    return code, offset


@with_gil
@pytest.mark.skipif(
    not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread(),
    reason="needs a timer that sends signals, which only the main thread handles",
)
def test_the_interpreter_looks_for_requests_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    o, numbers, own = sample.Derived(), list[int](), sample.ListOfOwn()
    call = functools.partial(sample.everything, o, numbers, own)
    predicted = predicted_in(call, monkeypatch)
    # A trace function, such as that of coverage, would undo the specialised instructions.
    old_trace = sys.gettrace()
    sys.settrace(None)
    try:
        sampled = sampled_in(call)
    finally:
        sys.settrace(old_trace)
    assert sampled, "no signal came"
    surprises = {
        name_of(*place): count
        for place, count in sampled.items()
        if call_behind(*place) not in predicted
    }
    assert not surprises
