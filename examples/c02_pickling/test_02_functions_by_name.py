"""What is sent to a child is the name of a function, and the child runs what it finds under it.

`Process(target=total)` looks as if the function travelled. One tutorial says so: "the function is
serialised and passed to the child". But a pickled function is two words, its module and its name,
and not a line of its code. The child imports the module and looks the name up.

So the file decides. Here it is edited while the program runs, as when a new version is installed:
the parent still has the old function, and a child started by spawn or forkserver has the new one.
Under fork the child is a copy of the parent and has the old one too.

It also follows that a function made inside another cannot be sent: the name `tax.<locals>.add`
leads nowhere. Another tutorial expects a TypeError of it. It is an AttributeError up to Python
3.13, and a PicklingError from 3.14.

    pytest -p pytest_concurrency examples/c02_pickling/test_02_functions_by_name.py --hazards=fail
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_concurrency import assert_picklable

NOT_FOUND_BY_NAME = pickle.PicklingError if sys.version_info >= (3, 14) else AttributeError

YESTERDAY = """\
price = 10

def total(pieces):
    return pieces * price
"""
TODAY = YESTERDAY.replace("10", "12  # since today")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "shop.py").write_text(YESTERDAY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # every import reads the file itself
    yield importlib.import_module("shop")
    del sys.modules["shop"]


@pytest.mark.hazard(
    "function-pickled-by-reference",
    match="and in the child they cost 36",
    under=("spawn", "forkserver"),
    why="only the words 'shop' and 'total' were sent: the child imported the file, as it is now",
)
def test_a_child_runs_the_function_of_the_file_and_not_the_one_it_was_given(
    run_in_process: Any, shop: Any
) -> None:
    print("what is sent:", pickle.dumps(shop.total))
    Path(shop.__file__).write_text(TODAY)
    cost = run_in_process(shop.total, 3)
    assert cost == shop.total(3), (
        f"three pieces cost {shop.total(3)} in the parent, and in the child they cost {cost}"
    )


def multiply(pieces: int, price: int) -> int:
    return pieces * price


@pytest.mark.fix("function-pickled-by-reference")
def test_a_price_sent_as_an_argument_is_the_one_the_parent_has(
    run_in_process: Any, shop: Any
) -> None:
    Path(shop.__file__).write_text(TODAY)
    assert run_in_process(multiply, 3, shop.price) == 30


def tax(percent: int) -> Callable[[int], int]:
    def add(price: int) -> int:
        return price * (100 + percent) // 100

    return add


@pytest.mark.hazard(
    "nested-function-unpicklable",
    raises=NOT_FOUND_BY_NAME,
    match=r"Can't (pickle|get) local object[\s\S]*a function .* that tax\(\) makes",
    why="functions are sent by name, and no name of the module leads to one made by another",
)
def test_a_function_made_by_another_cannot_be_sent() -> None:
    add_tax = tax(19)
    pickle.dumps(add_tax)


def add_percent(percent: int, price: int) -> int:
    return price * (100 + percent) // 100


@pytest.mark.fix("nested-function-unpicklable")
def test_a_partial_carries_its_arguments_with_it() -> None:
    add_tax = partial(add_percent, 19)
    assert assert_picklable(add_tax)(100) == 119


class Tax:
    def __init__(self, percent: int) -> None:
        self.percent = percent

    def __call__(self, price: int) -> int:
        return price * (100 + self.percent) // 100


@pytest.mark.fix("nested-function-unpicklable")
def test_an_object_that_can_be_called_carries_its_data_with_it() -> None:
    add_tax = Tax(19)
    assert assert_picklable(add_tax, equal=False)(100) == 119


# See also: c02_pickling/test_03_code_by_value.py, for what it takes to send the code itself.
