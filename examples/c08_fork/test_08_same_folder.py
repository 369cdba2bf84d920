"""Two processes load the same folder, and one of them fails.

One tutorial says that processes which all load the same folder get an error. They do not, as long
as they read: any number of processes may read a file at once. What collides is writing while
loading. Many libraries unpack or compile something into a folder when they are first used, and look
whether it is there before they make it. Between the look and the making, another does the same.

By nature that happens when two children start together on a fresh machine, and never again. Here
the other process comes exactly then, every time. It is the same under each start method.

    pytest -p pytest_concurrency examples/c08_fork/test_08_same_folder.py --hazards=fail
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def nothing() -> None:
    pass


def load(model: Path, after_the_look: Callable[[], None] = nothing) -> str:
    cache = model.with_name("cache")
    if not cache.exists():
        after_the_look()
        os.mkdir(cache)
    return model.read_text()


def load_with_a_cache_of_anyone(model: Path, after_the_look: Callable[[], None] = nothing) -> str:
    cache = model.with_name("cache")
    if not cache.exists():
        after_the_look()
        os.makedirs(cache, exist_ok=True)
    return model.read_text()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").write_text("weights")
    return tmp_path / "model"


def in_a_child(mp_context: Any, function: Any, *args: Any) -> None:
    child = mp_context.Process(target=function, args=args)
    child.start()
    child.join(timeout=30)
    assert child.exitcode == 0


@pytest.mark.hazard(
    "same-directory-conflict",
    raises=FileExistsError,
    match="cache",
    why="looking and making are two steps, and in between another process made the folder",
)
def test_two_processes_that_make_a_folder_when_they_load_collide(
    mp_context: Any, model: Path
) -> None:
    load(model, after_the_look=lambda: in_a_child(mp_context, load, model))


@pytest.mark.fix("same-directory-conflict")
def test_a_folder_that_may_exist_already_is_made_by_whoever_comes_first(
    mp_context: Any, model: Path
) -> None:
    other = load_with_a_cache_of_anyone
    text = other(model, after_the_look=lambda: in_a_child(mp_context, other, model))
    assert text == "weights"


@pytest.mark.fix("same-directory-conflict")
def test_a_folder_that_is_made_before_the_others_come_is_only_read(
    mp_context: Any, model: Path
) -> None:
    load(model)
    assert load(model, after_the_look=lambda: in_a_child(mp_context, load, model)) == "weights"
    with model.open() as reading:  # the child reads it at the same time
        in_a_child(mp_context, load, model)
        assert reading.read() == "weights"


def unpack(target: Path, in_the_middle: Callable[[], None]) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}")
    with part.open("w") as file:
        file.write("wei")
        file.flush()
        in_the_middle()
        file.write("ghts")
    part.replace(target)


def read_if_it_is_there(target: Path) -> None:
    if target.exists():
        assert target.read_text() == "weights"


@pytest.mark.fix("same-directory-conflict")
def test_a_file_that_is_written_aside_and_renamed_is_never_seen_half_done(model: Path) -> None:
    target = model.with_name("unpacked")
    unpack(target, in_the_middle=lambda: read_if_it_is_there(target))  # as another process would
    assert target.read_text() == "weights"


# See also: test_05_open_file.py, for a file that was open before the child started.
