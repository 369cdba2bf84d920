"""What all tests share."""

from __future__ import annotations

import os

import pytest

from pytest_concurrency.race import as_processes

pytest_plugins = ["pytester"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what does not depend on the start method once per Python: in tox's lane for fork."""
    if os.environ.get("PYTEST_CONCURRENCY_START_METHOD") not in ("spawn", "forkserver"):
        return
    once = [item for item in items if "start_method" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=once)
    items[:] = [item for item in items if item not in once]


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are not replayed under the other start methods: it takes a second."""
    monkeypatch.setattr(as_processes, "elsewhere", lambda *_: "")
