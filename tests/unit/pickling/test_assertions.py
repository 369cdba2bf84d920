"""The assertions on what may cross, and what they say of wrong input."""

from __future__ import annotations

import math
import multiprocessing
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency import (
    NotPicklable,
    assert_exception_picklable,
    assert_not_picklable,
    assert_picklable,
    assert_spawnable,
)
from pytest_concurrency.children.processes import descendants, without_helpers


class Item:
    def __init__(self, **content: Any) -> None:
        self.__dict__.update(content)


class Equal(Item):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Forgets(Equal):
    def __getstate__(self) -> dict[str, Any]:
        return {}


class ForgetsQuietly(Item):
    def __reduce__(self) -> Any:
        return ForgetsQuietly, ()


class TestPicklable:
    def test_what_arrives_is_returned(self) -> None:
        sent = {"a": [1, Equal(x=(2, 3))]}
        arrived = assert_picklable(sent)
        assert arrived == sent
        assert arrived is not sent

    def test_the_path_begins_with_the_name_the_caller_uses(self) -> None:
        order = Item(items=[1, lambda: 2])
        with pytest.raises(NotPicklable) as caught:
            assert_picklable(order)
        lines = str(caught.value).splitlines()
        assert lines[0] == "order cannot cross to another process: 1 part of it cannot be pickled"
        assert lines[1].strip().startswith("order.items[1] is a lambda (test_assertions.py:")
        assert lines[1].endswith("use a module-level function, functools.partial or an initializer")

    def test_an_attribute_has_its_whole_name(self) -> None:
        self.order = Item(lock=threading.Lock())
        with pytest.raises(NotPicklable, match=r"self\.order\.lock is a lock"):
            assert_picklable(
                self.order,
                protocol=2,
            )

    def test_an_expression_is_called_obj(self) -> None:
        with pytest.raises(NotPicklable, match=r"obj\[0\] is a lock"):
            assert_picklable([threading.Lock()])

    def test_too_many_bytes(self) -> None:
        data = Item(small=1, large=b"x" * 1000)
        with pytest.raises(NotPicklable, match="more than the 500 allowed") as caught:
            assert_picklable(data, max_bytes=500)
        assert "data.large" in str(caught.value)
        assert_picklable(data, max_bytes=5000)

    def test_an_object_that_arrives_as_another(self) -> None:
        thing = [Forgets(x=1)]
        with pytest.raises(NotPicklable) as caught:
            assert_picklable(thing)
        assert "thing does not arrive as it was sent" in str(caught.value)
        assert "thing[0] came back as something else: == says no" in str(caught.value)
        assert_picklable(thing, equal=False)

    def test_an_attribute_that_does_not_arrive(self) -> None:
        thing = ForgetsQuietly(x=1)
        with pytest.raises(NotPicklable, match="thing came back without x"):
            assert_picklable(thing)

    def test_objects_equal_to_nothing_else_are_compared_by_their_parts(self) -> None:
        assert_picklable({"a": Item(b=[Item(c=1)]), "nan": [Path("x")]})

    def test_nan_is_found_to_differ(self) -> None:
        numbers = [1.0, math.nan]
        with pytest.raises(NotPicklable, match=r"numbers\[1\] came back as something else"):
            assert_picklable(numbers)

    def test_a_deep_object_is_compared_without_recursion(self) -> None:
        deep: Any = 1
        for _ in range(300):
            deep = [deep]
        assert_picklable(deep)

    @pytest.mark.parametrize("protocol", [99, -1])
    def test_a_protocol_that_does_not_exist(self, protocol: int) -> None:
        with pytest.raises(ValueError, match=rf"protocol {protocol} does not exist; .* 0 to 5"):
            assert_picklable(1, protocol=protocol)

    @pytest.mark.parametrize("protocol", ["2", True, 2.0])
    def test_a_protocol_that_is_no_number(self, protocol: Any) -> None:
        with pytest.raises(TypeError, match="protocol must be a whole number"):
            assert_picklable(1, protocol=protocol)

    def test_a_size_that_is_none(self) -> None:
        with pytest.raises(ValueError, match="max_bytes must be more than 0, not -1"):
            assert_picklable(1, max_bytes=-1)
        with pytest.raises(TypeError, match="max_bytes must be a whole number of bytes"):
            assert_picklable(1, max_bytes="1 MB")  # type: ignore[arg-type]


class TestNotPicklable:
    def test_it_returns_the_explanation(self) -> None:
        report = assert_not_picklable(Item(lock=threading.Lock()), match="is a lock")
        assert report.culprits[0].path == "obj.lock"

    def test_a_picklable_object(self) -> None:
        number = 1
        with pytest.raises(AssertionError, match="number can be pickled: 5 bytes"):
            assert_not_picklable(number)

    def test_another_reason(self) -> None:
        with pytest.raises(AssertionError, match="for another reason"):
            assert_not_picklable(threading.Lock(), match="is a lambda")


class TwoArguments(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")


class WellMade(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)


class Halved(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text[: len(text) // 2])


class Forgetful(Exception):
    def __reduce__(self) -> Any:
        return Forgetful, self.args


class TestException:
    def test_one_that_arrives_whole(self) -> None:
        error = WellMade(1, "x")
        error.__notes__ = ["a note"]  # type: ignore[attr-defined]
        assert_exception_picklable(error)

    def test_one_that_does_not_load(self) -> None:
        error = TwoArguments(1, "x")
        with pytest.raises(NotPicklable, match=r"super\(\)\.__init__ with all arguments"):
            assert_exception_picklable(error)

    def test_one_whose_text_changes(self) -> None:
        with pytest.raises(NotPicklable, match="text: sent 1234, arrives 12"):
            assert_exception_picklable(Halved("12345678"))

    def test_one_that_loses_its_notes(self) -> None:
        error = Forgetful("x")
        error.__notes__ = ["a note"]  # type: ignore[attr-defined]
        with pytest.raises(NotPicklable, match=r"notes: sent \['a note'\], arrives \[\]"):
            assert_exception_picklable(error)

    def test_no_exception(self) -> None:
        with pytest.raises(TypeError, match="needs an exception, not 'x'"):
            assert_exception_picklable("x")  # type: ignore[arg-type]


def do_nothing(*args: object, **kwargs: object) -> None:
    pass


class RefusesToLoad:
    def __reduce__(self) -> Any:
        return refuse_in_a_child, ()


def refuse_in_a_child() -> object:
    if multiprocessing.current_process().name != "MainProcess":
        raise RuntimeError("not in a child")
    return RefusesToLoad()


class TestSpawnable:
    def test_one_that_is(self) -> None:
        lock = multiprocessing.get_context("spawn").Lock()
        assert_spawnable(do_nothing, 1, lock=lock)

    def test_every_culprit_is_named(self) -> None:
        with pytest.raises(NotPicklable) as caught:
            assert_spawnable(lambda: None, [threading.Lock()], key={"f": lambda: None})
        text = str(caught.value)
        assert "target is a lambda" in text
        assert "args[0][0] is a lock" in text
        assert "kwargs['key']['f'] is a lambda" in text

    def test_what_only_the_child_notices(self) -> None:
        with pytest.raises(NotPicklable, match="cannot load its target or arguments") as caught:
            assert_spawnable(do_nothing, RefusesToLoad())
        assert "RuntimeError: not in a child" in str(caught.value)

    def test_no_child_is_left(self) -> None:
        assert_spawnable(do_nothing)
        assert not [info for info in without_helpers(descendants()) if not info.zombie]

    def test_no_function(self) -> None:
        with pytest.raises(TypeError, match="needs a function, and got 3"):
            assert_spawnable(3)  # type: ignore[arg-type]
