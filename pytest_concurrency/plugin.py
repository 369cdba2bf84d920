"""The hooks, and nothing else: each calls the module that does the work.

The life of one test:

 1. `options` reads the command line, environment and ini file into `Settings`.
 2. `session` starts to watch: nothing is imported, hooks wait for `multiprocessing` to be.
 3. Collection: `markers` and `options` choose the start methods a test runs under.
 4. Setup: `hazards` checks the markers; a mistake fails this test and no other.
 5. `leaks` notes what processes, threads, semaphores and shared memory there are.
 6. Fixtures: `fixtures` hands out contexts and runners; what a fixture of a broader scope makes is
    not the test's.
 7. Call: `pickling` watches the feeder threads of queues; `hazards` grades the exception.
 8. A timeout of pytest-timeout ends the children first: `timeouts`.
 9. Teardown: `leaks` compares, names what is left, and removes it.
10. Report: `pickling` has explained its errors in a note, `report` adds words and sections.
11. The end: `report` prints the table of hazards; `session` puts everything back.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from pytest_concurrency import hazards, markers, options
from pytest_concurrency.errors import add_note
from pytest_concurrency.fixtures import mp_context, run_in_process, run_script, start_method
from pytest_concurrency.leak_check import LeakCheck
from pytest_concurrency.pickling.notes import annotate
from pytest_concurrency.report import (
    HazardTable,
    complete,
    has_failed,
    header,
    status,
    write_summary,
)
from pytest_concurrency.session import KEY as SESSION
from pytest_concurrency.session import Session

__all__ = ["mp_context", "run_in_process", "run_script", "start_method"]

_LEAKS = pytest.StashKey[LeakCheck]()
_OWNERS = pytest.StashKey[dict[tuple[str, str], str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings and start to watch."""
    for line in markers.LINES:
        config.addinivalue_line("markers", line)
    settings = config.stash[options.KEY] = options.read_settings(config)
    config.pluginmanager.register(_Controller(HazardTable()), "pytest_concurrency_report")
    config.stash[SESSION] = Session()
    config.stash[SESSION].open()
    config.stash[_LEAKS] = LeakCheck(settings.leaks, config.stash[SESSION])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put everything back as it was."""
    if SESSION in config.stash:
        config.stash[SESSION].close()
        del config.stash[SESSION]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is not as by default."""
    return header(config.stash[options.KEY], config.get_verbosity() > 0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test under each start method chosen for it."""
    markers.parametrize(metafunc, metafunc.config.stash[options.KEY].start_methods)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which test owns each hazard, before any is deselected."""
    config.stash[_OWNERS] = hazards.owners(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the markers, and note what is there."""
    try:
        markers.chosen_start_methods(item)
        hazards.check_markers(item, item.config.stash[_OWNERS])
    except pytest.UsageError as mistake:
        pytest.fail(str(mistake), pytrace=False)
    item.config.stash[_LEAKS].begin()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Keep apart what fixtures of a broader scope make."""
    with request.config.stash[_LEAKS].fixture_setup(fixturedef):
        return (yield)


def pytest_fixture_post_finalizer(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """A fixture has been torn down."""
    request.config.stash[_LEAKS].fixture_finished(fixturedef)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the feeder threads, explain pickling errors, and grade a hazard."""
    with hazards.graded(item, item.config.stash[options.KEY].hazards):
        try:
            with item.config.stash[SESSION].feeder.fail_the_test():
                return (yield)
        except BaseException as error:
            annotate(error)
            raise
    return None


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, object, object]:
    """Have a timeout of pytest-timeout end the children first."""
    result = yield
    from pytest_concurrency.timeouts import guard

    guard(item, settings, item.config.stash[_LEAKS])
    return result


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """See what was left behind."""
    leaks = item.config.stash[_LEAKS]
    try:
        result = yield
    except BaseException as error:
        add_note(error, leaks.end(item, failed=False))
        raise
    left = leaks.end(item, failed=has_failed(item))
    if left:
        pytest.fail(left, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Explain pickling errors, and put the grade into the report."""
    if "pytest_concurrency.timeouts" in sys.modules:
        from pytest_concurrency.timeouts import calm_down

        calm_down(item)
    if call.excinfo is not None:
        annotate(call.excinfo.value)
    return complete((yield), item)


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Call a hazard that failed as it must "hazard shown"."""
    return status(report)


class _Controller:
    """The hooks of the process that reports: it has the configuration that their arguments lack."""

    def __init__(self, table: HazardTable) -> None:
        self._table = table

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the table of hazards."""
        self._table.add(report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of hazards."""
        write_summary(terminalreporter, self._table)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """End what an interrupted test could not."""
    result = yield
    text = session.config.stash[_LEAKS].end_session()
    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    if text and terminal is not None:
        terminal.write_line("\n" + text)
    return result
