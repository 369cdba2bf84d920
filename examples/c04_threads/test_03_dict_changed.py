"""A thread that goes through a dict fails when another thread adds to it.

One tutorial says that the GIL makes built-in types such as dict safe for threads. Safe it is in one
sense: no thread ever sees half a dict, and the interpreter does not crash, with the GIL or without.
But a loop is many steps, and the dict may grow between two of them. Then the next step raises
RuntimeError, in the thread that only wanted to read.

A copy is taken in one step, so a loop over a copy is not disturbed; it does not see what is added
meanwhile either. Who needs both to fit together takes a lock.

    pytest -p pytest_concurrency examples/c04_threads/test_03_dict_changed.py --hazards=fail
"""

from __future__ import annotations

from threading import Lock

import pytest

from pytest_concurrency import Race, RaceFound


class Board:
    def __init__(self) -> None:
        self.points = {"Ann": 3, "Bob": 6}
        self.lock = Lock()
        self.mean = 0.0

    def average(self) -> None:
        for points in self.points.values():
            self.mean += points / len(self.points)

    def average_of_a_copy(self) -> None:
        copy = self.points.copy()
        for points in copy.values():
            self.mean += points / len(copy)

    def average_in_turn(self) -> None:
        with self.lock:
            for points in self.points.values():
                self.mean += points / len(self.points)

    def enter_cid(self) -> None:
        self.points["Cid"] = 9

    def enter_cid_in_turn(self) -> None:
        with self.lock:
            self.points["Cid"] = 9


def mean_is_of_one_moment(board: Board) -> None:
    mean = board.mean
    assert mean in (4.5, 6), f"the mean is 4.5 without Cid and 6 with him, and it is {mean}"


@pytest.mark.hazard(
    "dict-changed-during-iteration",
    raises=RaceFound,
    match=r"RuntimeError: dictionary changed size during iteration[\s\S]*reachable today",
    why="a loop is many steps, and between two of them the other thread made the dict larger",
)
def test_reading_a_dict_fails_when_another_thread_adds_to_it(race: Race) -> None:
    race.threads(Board.average, Board.enter_cid, setup=Board, check=mean_is_of_one_moment)


@pytest.mark.fix("dict-changed-during-iteration")
def test_a_loop_over_a_copy_is_not_disturbed(race: Race) -> None:
    race.threads(Board.average_of_a_copy, Board.enter_cid, setup=Board, check=mean_is_of_one_moment)


@pytest.mark.fix("dict-changed-during-iteration")
def test_a_lock_keeps_the_writer_out_until_the_loop_has_ended(race: Race) -> None:
    race.threads(
        Board.average_in_turn, Board.enter_cid_in_turn, setup=Board, check=mean_is_of_one_moment
    )


# See also: test_01_plus_equals.py, for what the GIL does protect, and why that is no promise.
