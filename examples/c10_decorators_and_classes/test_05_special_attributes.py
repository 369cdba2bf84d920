"""A name with two underscores on each side is there on one kind of object, and not on another.

One tutorial has four tables of them. Most of it holds: `__dict__`, `__class__`, `__bases__`,
`__mro__`, `__module__`, `__doc__`, `__loader__`, `__import__`, and methods like `__len__`. What
is not quite so is below, each line with what is true:

- `__name__` is there on functions, too, and never on the objects of a class;
- `__file__` is not for scripts only: every module that came from a file has it, built-in ones not;
- `__package__` of a module without a package is "", and None in a script only;
- `__annotations__` is not for functions only: classes and modules have it;
- `__builtins__` is the module in the main script, and elsewhere its dictionary;
- `__debug__` is False under `python -O`, where `assert` does nothing;
- a special method is looked up in the class: one that is put into an object is not called.

    pytest -p pytest_concurrency examples/c10_decorators_and_classes/test_05_special_attributes.py
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest


class Base:
    pass


class Thing(Base):
    """A thing."""

    size: int = 3

    def __len__(self) -> int:
        return self.size


class Slim:
    __slots__ = ("size",)


def describe(thing: Thing) -> str:
    return f"of size {thing.size}"


thing: Any = Thing()
lonely: Any = Slim()


@pytest.mark.fact("special-attributes-table")
def test_who_has_which_attribute() -> None:
    # of objects
    assert thing.__dict__ == {}
    assert not hasattr(lonely, "__dict__")
    assert thing.__class__ is Thing
    assert not hasattr(thing, "__name__")
    assert not hasattr(thing, "__bases__")
    # of classes
    assert Thing.__bases__ == (Base,)
    assert Thing.__mro__ == (Thing, Base, object)
    assert (Thing.__name__, Thing.__module__, Thing.__doc__) == ("Thing", __name__, "A thing.")
    assert list(Thing.__annotations__) == ["size"]
    # of functions
    assert describe.__name__ == "describe"
    assert list(describe.__annotations__) == ["thing", "return"]
    # of modules
    assert textwrap.__name__ == "textwrap"
    assert Path(textwrap.__file__).name == "textwrap.py"
    assert not hasattr(sys, "__file__")
    assert textwrap.__package__ == ""
    assert {"thing", "lonely"} <= set(sys.modules[__name__].__annotations__)
    # of the interpreter
    assert callable(__import__)
    assert isinstance(vars(textwrap)["__builtins__"], dict)
    assert __debug__


def test_a_script_differs_and_so_does_a_run_with_O(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print(__name__, __package__, type(__builtins__).__name__, __debug__)\n")
    command = [sys.executable, "-O", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert result.stdout == "__main__ None module False\n"


def test_a_special_method_is_looked_up_in_the_class() -> None:
    thing.__len__ = lambda: 100
    try:
        assert len(thing) == 3
        assert thing.__len__() == 100
    finally:
        del thing.__len__


# See also: c10_decorators_and_classes/test_03_class_attributes.py, for attributes of one's own.
