"""Check after each test that it left nothing behind: what is found is named, and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_concurrency.children.orphans import OrphanAdoption
from pytest_concurrency.errors import LeakWarning, message
from pytest_concurrency.leaks.origins import Origins
from pytest_concurrency.leaks.survivors import (
    Leak,
    Snapshot,
    Survivors,
    describe,
    remove,
    survivors,
    take,
)

_WORDS = {
    "child": ("child", "children"),
    "thread": ("thread", "threads"),
    "semaphore": ("semaphore", "semaphores"),
    "shared memory": ("block of shared memory", "blocks of shared memory"),
}


class LeakCheck:
    """Compares what is there before and after each test.

    Args:
        policy: "error", "warn", "off", or "" for errors for children and warnings for the rest.
        origins: who made what.
        orphans: turned off after each test.
        stacks: the folder in which children put their stacks when asked.
    """

    def __init__(self, policy: str, origins: Origins, orphans: OrphanAdoption, stacks: str) -> None:
        self._policy = policy
        self._origins = origins
        self._orphans = orphans
        self._stacks = stacks
        self._at_start = take(origins)
        self._before: Snapshot | None = None
        self._made_by: dict[object, tuple[Snapshot, Snapshot]] = {}

    def begin(self) -> None:
        """A test is about to be set up."""
        self._before = take(self._origins)

    def end(self, item: pytest.Item, failed: bool) -> str:
        """A test has been torn down.

        Args:
            item: the test.
            failed: whether it failed: then it may not have come to its clean-up, and its
                traceback keeps semaphores alive, which are not looked for.

        Returns:
            What was left and is an error; what is not has been warned of.
        """
        before, self._before = self._before, None
        if before is None or self._policy == "off":
            return ""
        # pytest refers to the values of the test's fixtures a little longer than to the test.
        values: dict[str, Any] = getattr(item, "funcargs", None) or {}
        left = survivors(before, self._origins, names=not failed, let_go=values.clear)
        self._orphans.turn_off()
        if not left:
            return ""
        leaks = self._remove(left)
        errors = [leak for leak in leaks if self._is_error(leak, failed)]
        for leak in leaks:
            if leak not in errors:
                item.warn(LeakWarning(_text([leak])))
        return _text(errors) if errors else ""

    def describe_children(self) -> str:
        """Say what the children of the present test are doing."""
        left = self._children()
        return "\n".join(leak.text for leak in describe(left, self._origins, self._stacks))

    def end_children(self) -> str:
        """End the children of the present test now, and say what they were doing."""
        texts: list[str] = []
        for _ in range(3):  # a Pool starts new workers in place of the dead
            left = self._children()
            if not left:
                break
            texts += [leak.text for leak in describe(left, self._origins, self._stacks)]
            remove(left)
        return "\n".join(texts)

    def end_session(self) -> str:
        """End the children that an interrupted test left behind, and say which."""
        self._before = None
        left = self._children()
        return _text(self._remove(left)) if left and self._policy != "off" else ""

    @contextmanager
    def fixture_setup(self, fixture: Any) -> Iterator[None]:
        """What a fixture of a broader scope makes, the test that came first has not left behind."""
        if fixture.scope == "function" or self._before is None:
            yield
            return
        before = take(self._origins)
        try:
            yield
        finally:
            self._before.allow(before, self._origins)
            self._made_by[fixture] = (before, take(self._origins))

    def fixture_finished(self, fixture: object) -> None:
        """From now on, what is left of what this fixture made is left behind."""
        made = self._made_by.pop(fixture, None)
        if made is not None and self._before is not None:
            self._before.disown(*made, self._origins)

    def _children(self) -> Survivors:
        before = self._before or self._at_start
        left = survivors(before, self._origins, grace=0, names=False)
        return Survivors(left.processes, [], [])

    def _remove(self, left: Survivors) -> list[Leak]:
        leaks = describe(left, self._origins, self._stacks)
        remove(left)
        return leaks

    def _is_error(self, leak: Leak, failed: bool) -> bool:
        if self._policy == "":
            return leak.kind == "child" and not failed
        return self._policy == "error"


def _text(leaks: list[Leak]) -> str:
    return message(
        f"the test left {_count(leaks)} behind",
        evidence="\n".join(leak.text for leak in leaks),
        cause="is a join(), close(), shutdown() or unlink() missing, or not reached?",
        next_step="use a `with` block or a fixture that ends it; --leaks=warn reports only",
    )


def _count(leaks: list[Leak]) -> str:
    counts: dict[str, int] = {}
    for leak in leaks:
        counts[leak.kind] = counts.get(leak.kind, 0) + 1
    return " and ".join(
        f"{count} {_WORDS[kind][0 if count == 1 else 1]}" for kind, count in counts.items()
    )
