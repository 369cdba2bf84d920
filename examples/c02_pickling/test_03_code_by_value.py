"""Code can be sent as well as its name, and then it works with whatever it finds on arrival.

One tutorial recommends joblib, which does run lambdas in processes. Its workers use cloudpickle,
which sends a function that cannot be found by name by value: the code itself. The standard library
has the parts for that too, `marshal` for the code and `types.FunctionType` for a function around
it.

It changes the rules. No name has to be found, so a lambda crosses under every start method. But
what arrives is another function: comparing it with `is` fails, and a cache or a counter that hung
on the old one stayed behind. And code says `rate`, not which one: the receiver has to supply it,
along with default values and the variables of an enclosing function. Only the same version of
Python can read it.

Measured with cloudpickle 3.1.2: a lambda becomes 490 bytes, with a copy of the globals it reads, as
they were when it was pickled; a change of them afterwards is not seen. A function of a module is
still 26 bytes, its name, and arrives as the same object. A lock is a TypeError as ever. With joblib
1.6.0, lambdas run in its own backend and in threads; backend="multiprocessing" refuses them.

    pytest -p pytest_concurrency examples/c02_pickling/test_03_code_by_value.py
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

rate = 2
in_euros: Callable[[int], int] = lambda pieces: pieces * rate  # noqa: E731


def code_of(function: Any) -> bytes:
    return marshal.dumps(function.__code__)


def function_from(code: bytes, names: dict[str, Any]) -> FunctionType:
    return FunctionType(marshal.loads(code), names)


def call_in_the_child(code: bytes, pieces: int) -> Any:
    return function_from(code, {"rate": 100})(pieces)


@pytest.mark.fact("cloudpickle-changes-the-rules")
def test_a_lambda_sent_as_code_is_a_new_function_with_the_globals_of_its_receiver(
    run_in_process: Any,
) -> None:
    with pytest.raises(pickle.PicklingError, match="lambda"):
        pickle.dumps(in_euros)  # by name: a lambda has none
    code = code_of(in_euros)
    assert in_euros(3) == 6
    assert run_in_process(call_in_the_child, code, 3) == 300  # it crossed, and met another rate

    copy = function_from(code, globals())
    assert copy(3) == 6
    assert copy is not in_euros
    with pytest.raises(NameError, match="rate"):
        function_from(code, {})(3)


# See also: c02_pickling/test_02_functions_by_name.py, for the rules that this one changes.
