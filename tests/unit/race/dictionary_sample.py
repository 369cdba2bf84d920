"""A state that is reached by its dictionary as well.

In a file of its own: where code like this is seen, every attribute counts as one that is stored.
"""

from __future__ import annotations

from tests.unit.race.exhaustive_sample import State


def with_its_dictionary() -> State:
    state = State()
    state.own = vars(state)
    return state
