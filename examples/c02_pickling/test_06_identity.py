"""An end marker that goes through a queue arrives as another object, and the loop never ends.

`DONE = object()` makes a marker that cannot be mistaken for data, and `while job is not DONE` is
the way to look for it. Between threads that works. Between processes everything in a queue is
pickled, and what comes out is a copy: equal data, but a new object. A bare `object()` has no data,
so nothing is left by which its copy could be known.

What pickles by name is found again instead of copied, and stays itself: a function, a class, a
member of an Enum. So does None, and so does a `sentinel("DONE")` of Python 3.15.

    pytest -p pytest_concurrency examples/c02_pickling/test_06_identity.py --hazards=fail
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

DONE = object()


def last_job(mp_context: Any, marker: object) -> Any:
    jobs = mp_context.SimpleQueue()
    jobs.put("a job")
    jobs.put(marker)
    assert jobs.get() == "a job"
    return jobs.get()


@pytest.mark.hazard(
    "identity-lost-in-transit",
    match="`while job is not DONE` does not end",
    why="the queue pickled the marker, and unpickling made a new object",
)
def test_an_end_marker_is_not_the_same_object_on_arrival(mp_context: Any) -> None:
    last = last_job(mp_context, DONE)
    assert last is DONE, "the marker came as another object: `while job is not DONE` does not end"


@pytest.mark.fix("identity-lost-in-transit")
def test_none_is_none_in_every_process(mp_context: Any) -> None:
    assert last_job(mp_context, None) is None


class Marker(Enum):
    DONE = "done"


@pytest.mark.fix("identity-lost-in-transit")
def test_a_member_of_an_enum_is_found_by_its_name_and_is_itself(mp_context: Any) -> None:
    assert last_job(mp_context, Marker.DONE) is Marker.DONE


# See also: c02_pickling/test_02_functions_by_name.py, for what else is found by its name.
