"""A manager has shut down, and the results it kept are gone with it.

The `with` block of the manager is left, and the dictionary is printed below it. It is an ordinary
variable and still there, so one expects its contents to be as well. But the variable is a proxy:
the contents were in the manager's process, which ended with the block. The same happens in a child
that still works when its parent leaves the block. The error does not mention any of this. It is a
FileNotFoundError, of the socket through which the proxy would have asked, or a BrokenPipeError, if
the proxy was connected already.

So take the contents out in time: `dict(proxy)` makes an ordinary dictionary of them. That is needed
in other places too, since a proxy is not a dictionary: it equals none, and `json` refuses it.

    pytest -p pytest_concurrency examples/c05_shared_state/test_11_manager_gone.py --hazards=fail
"""

from __future__ import annotations

import json
import multiprocessing

import pytest

# What is told here is the same under each start method; under this one it is quickest.
FORK = multiprocessing.get_context("fork")


@pytest.mark.hazard(
    "manager-proxy-after-shutdown",
    raises=FileNotFoundError,
    why="the contents were in the manager's process, and that ended with the `with` block",
)
def test_a_managers_dictionary_is_dead_after_the_with_block() -> None:
    with FORK.Manager() as manager:
        ages = manager.dict(Ann=31)
    assert ages["Ann"] == 31


@pytest.mark.fix("manager-proxy-after-shutdown")
def test_a_copy_that_was_made_inside_lives_on() -> None:
    with FORK.Manager() as manager:
        proxy = manager.dict(Ann=31)
        ages = dict(proxy)
        with pytest.raises(TypeError, match="not JSON serializable"):
            json.dumps(proxy)
        assert proxy != {"Ann": 31}
    assert ages == {"Ann": 31}
    assert json.dumps(ages) == '{"Ann": 31}'


# See also: c05_shared_state/test_09_manager_copies.py, for what a manager's dictionary does while
# it lives.
