"""Races in pytest: the detector as the options say, and its findings as pytest shows failures."""

from __future__ import annotations

import inspect
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr

from pytest_concurrency.errors import message
from pytest_concurrency.options import KEY as SETTINGS
from pytest_concurrency.options import RACE_NOTE, Settings, seed_of
from pytest_concurrency.race.detector import Race, RaceResult
from pytest_concurrency.race.store import Store

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

__all__ = ["note_results", "race_of", "represented"]

# Of pytest-asyncio, and of anyio's own plugin.
_LOOP_MARKERS = ("asyncio", "anyio")
_STYLES = {"conflict": {"red": True}, "heading": {"bold": True}, "dim": {"light": True}}


def race_of(request: pytest.FixtureRequest) -> Race:
    """Makes the detector for a test."""
    _refuse_async(request.node)
    config = request.config
    settings: Settings = config.stash[SETTINGS]
    cache = getattr(config, "cache", None)
    node_id = request.node.nodeid
    race = Race(
        seed=seed_of(config),
        runs=settings.race_runs,
        budget=settings.race_budget,
        strategy=settings.race_strategy or None,
        store=None if cache is None else Store(cache.mkdir("pytest_concurrency")),
        test_id=node_id,
        command=f"python -m pytest {shlex.quote(node_id)} --race-replay=TOKEN",
        start_method=(
            request.getfixturevalue("start_method")
            if "start_method" in request.fixturenames
            else None
        ),
    )
    return race.replay(settings.race_replay) if settings.race_replay else race


def _refuse_async(item: pytest.Item) -> None:
    """Fails an async test that another plugin runs in a loop of its own."""
    __tracebackhide__ = True
    marker = next((name for name in _LOOP_MARKERS if item.get_closest_marker(name)), "")
    if marker and inspect.iscoroutinefunction(getattr(item, "function", None)):
        name = item.name.partition("[")[0]
        pytest.fail(
            message(
                f"the test is marked `{marker}`, so it runs in an event loop, and `race` needs the "
                "thread for itself: race.tasks() runs a loop of its own",
                next_step=f"write `def {name}(race)` without `async` and without the marker, and "
                "give its coroutine functions to race.tasks()",
            ),
            pytrace=False,
        )


def note_results(item: pytest.Item, race: Race) -> None:
    """Keeps what a test's races have shown, for its report."""
    for result in race.results:
        item.user_properties.append(("race", result.evidence.sentence))
        for note in _notes(result):
            item.user_properties.append((RACE_NOTE, note))
    if race.to_replay:
        note = f"nothing was replayed: the token is for race {race.to_replay} of the test, which "
        note += f"came to {len(race.results)}"
        item.user_properties.append((RACE_NOTE, note))


def _notes(result: RaceResult) -> list[str]:
    """Returns what must be said of a race that passed."""
    notes = list(result.notes)
    evidence = result.evidence
    if result.finding is None and (
        not evidence.conflicts or evidence.stopped_by == "budget" or evidence.lost
    ):
        notes.append(evidence.sentence)
    return notes


class _FindingRepr(TerminalRepr):
    """A finding as pytest shows a failure: the lines of the test, then the story in colours."""

    def __init__(self, shown: Any, result: RaceResult, text: str) -> None:
        self.reprcrash = ReprFileLocation(
            shown.reprcrash.path, shown.reprcrash.lineno, f"RaceFound: {text.splitlines()[0]}"
        )
        self._entries = shown.reprtraceback.reprentries
        self._result = result
        self._text = text

    def __str__(self) -> str:
        """As text, which crosses from a worker of xdist; the summary shows its first line."""
        return f"{self.reprcrash.message}\n\n{super().__str__()}"

    def toterminal(self, tw: TerminalWriter) -> None:
        """Writes it."""
        for entry in self._entries:
            entry.lines = [line for line in entry.lines if not line.startswith("E ")]
            entry.toterminal(tw)
            tw.line("")
        styles = {} if self._result.finding is None else dict(self._result.finding.lines)
        for number, line in enumerate(self._text.splitlines()):
            markup = (
                {"red": True, "bold": True} if number == 0 else _STYLES.get(styles.get(line, ""))
            )
            tw.line(line, **(markup or {}))


def represented(shown: Any, error: BaseException) -> Any:
    """Returns how pytest shows a finding, instead of as it shows any exception.

    Args:
        shown: What pytest would show.
        error: The exception of the test.
    """
    result = getattr(error, "result", None)
    if not isinstance(result, RaceResult) or not hasattr(shown, "reprtraceback"):
        return shown
    return _FindingRepr(shown, result, str(error))
