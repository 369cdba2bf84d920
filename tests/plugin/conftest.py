"""Running pytest within a test, with nothing of the outer run's settings."""

from __future__ import annotations

from typing import Protocol

import pytest


class Run(Protocol):
    """Runs pytest with the plugin, in this process."""

    def __call__(self, *arguments: str) -> pytest.RunResult: ...


@pytest.fixture(autouse=True)
def _no_outer_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inner run has the environment of a user, not that of tox or of xdist."""
    for name in ("PYTEST_CONCURRENCY_START_METHOD", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_concurrency", "-p", "no:cacheprovider", *arguments
        )

    return run
