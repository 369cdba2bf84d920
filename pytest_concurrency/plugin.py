"""The hooks, and nothing else: each calls the module that does the work.

The life of one test:

 1. `options` reads the command line, environment and ini file into `Settings`.
 2. Collection: `markers` chooses the start methods a test runs under.
 3. The first test opens the `session`: nothing is imported, but when `multiprocessing` is, by
    somebody, `children` prepares each child, `leaks` notes what is made, `pickling` explains.
 4. Setup: `running` has `markers` and `hazards` check the markers; a mistake fails this test and no
    other.
 5. `leak_check` notes what processes, threads, semaphores and shared memory there are.
 6. Fixtures: `fixtures` hands out contexts, runners and, from `races`, the detector; what a fixture
    of a broader scope makes is not the test's.
 7. Call: `pickling` watches the feeder threads of queues; `hazards` grades the exception.
 8. A timeout of pytest-timeout ends the children too: `timeouts`.
 9. Teardown: `leak_check` compares, names what is left, and removes it.
10. Report: `running` adds grade and sections; `report` has the words and the table of hazards.
11. The end: the `session` puts everything back.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_concurrency import markers, options
from pytest_concurrency.fixtures import (
    mp_context,
    race,
    run_in_process,
    run_script,
    start_method,
)

if TYPE_CHECKING:
    from pytest_concurrency.report import HazardTable, RaceNotes

__all__ = ["mp_context", "race", "run_in_process", "run_script", "start_method"]

# Whatever only running tests needs is imported where it is used: a suite that is only collected,
# and the controller of xdist, do not pay for it (benchmarks/loading_cost.py).


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings."""
    for line in markers.LINES:
        config.addinivalue_line("markers", line)
    config.stash[options.KEY] = options.read_settings(config)
    config.pluginmanager.register(_Summary(), "pytest_concurrency_summary")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put everything back as it was."""
    session = sys.modules.get("pytest_concurrency.session")
    if session is not None:
        session.close(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is not as by default, and the seed of races if it was drawn."""
    from pytest_concurrency.report import header

    return header(config.stash[options.KEY], options.seed_of(config), config.get_verbosity() > 0)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give all workers of xdist one seed."""
    node.workerinput["race_seed"] = options.seed_of(node.config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test under each start method chosen for it."""
    markers.parametrize(metafunc, metafunc.config.stash[options.KEY].start_methods)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which test owns each hazard, before any is deselected."""
    marked = [item for item in items if markers.is_lesson(item)]
    if marked:
        from pytest_concurrency import hazards

        hazards.note_owners(config, marked)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the markers, and note what is there."""
    from pytest_concurrency import running

    running.set_up(item)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Keep apart what fixtures of a broader scope make."""
    from pytest_concurrency.session import current

    with current(request.config).leaks.fixture_setup(fixturedef):
        return (yield)


def pytest_fixture_post_finalizer(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """A fixture has been torn down."""
    from pytest_concurrency.session import current

    current(request.config).leaks.fixture_finished(fixturedef)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the feeder threads, explain pickling errors, and grade a hazard."""
    __tracebackhide__ = True
    from pytest_concurrency import running

    return (yield from running.call(item))


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, object, object]:
    """Have a timeout of pytest-timeout end the children too."""
    result = yield
    from pytest_concurrency import timeouts
    from pytest_concurrency.session import current

    timeouts.guard(item, settings, current(item.config).leaks)
    return result


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """See what was left behind."""
    from pytest_concurrency import running

    return (yield from running.tear_down(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Explain pickling errors, and put the grade into the report."""
    from pytest_concurrency import running

    return (yield from running.make_report(item, call))


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Call a hazard that failed as it must "hazard shown"."""
    if not hasattr(report, markers.GRADE):
        return None
    from pytest_concurrency.report import status

    return status(report)


class _Summary:
    """The hooks of the process that reports: they have no other way to share what they collect."""

    def __init__(self) -> None:
        self._table: HazardTable | None = None
        self._race_notes: RaceNotes | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the table of hazards and the notes of races."""
        if hasattr(report, markers.GRADE):
            from pytest_concurrency.report import HazardTable

            if self._table is None:
                self._table = HazardTable()
            self._table.add(report)
        if report.when == "teardown" and any(
            each[0] == options.RACE_NOTE for each in report.user_properties
        ):
            from pytest_concurrency.report import RaceNotes

            if self._race_notes is None:
                self._race_notes = RaceNotes()
            self._race_notes.add(report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the notes of races and the table of hazards."""
        if self._race_notes is not None:
            self._race_notes.write(terminalreporter)
        if self._table is not None:
            from pytest_concurrency.report import write_summary

            write_summary(terminalreporter, self._table)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """End what an interrupted test could not."""
    result = yield
    if "pytest_concurrency.session" in sys.modules:
        from pytest_concurrency.session import current

        text = current(session.config).leaks.end_session()
        terminal = session.config.pluginmanager.getplugin("terminalreporter")
        if text and terminal is not None:
            terminal.write_line("\n" + text)
    return result
