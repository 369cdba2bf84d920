"""Every option in one table: command line, environment, ini file, default, help.

The most specific place wins: marker, command line, environment, ini file, default. Markers belong
to one test and are read where that test is; everything else is read here, once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pytest

START_METHODS = ("fork", "spawn", "forkserver")
ANY_METHOD = "any"  # that of a test which does not ask for one
RACE_NOTE = "race_note"  # the property of a test that says what its race did not show


class Option(NamedTuple):
    """One option and the places where it can be written."""

    name: str
    metavar: str
    help: str
    valid: tuple[str, ...] = ()
    what: str = ""
    many: bool = False
    environment: str | None = None
    kind: Literal["word", "number", "time", "token"] = "word"

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return "--" + self.name.replace("_", "-")


START_METHOD = Option(
    name="start_method",
    metavar="METHODS",
    help="Start methods that the start_method fixture runs tests under, separated by commas "
    "(default: fork,spawn,forkserver)",
    valid=START_METHODS,
    what="start method",
    many=True,
    environment="PYTEST_CONCURRENCY_START_METHOD",
)
HAZARDS = Option(
    name="hazards",
    metavar="MODE",
    help="expect: a test marked as a hazard must fail, and is then reported as passed; "
    "fail: let it fail for real and read why (default: expect)",
    valid=("expect", "fail"),
    what="hazards mode",
)
LEAKS = Option(
    name="leaks",
    metavar="POLICY",
    help="What to do with a test that leaves children, threads, semaphores or shared memory "
    "behind: error, warn or off (default: error for children, warn for the rest)",
    valid=("error", "warn", "off"),
    what="leaks policy",
)
RACE_RUNS = Option(
    name="race_runs",
    metavar="NUMBER",
    help="How many schedules the race fixture runs for each race (default: as many as the "
    "confidence asked for needs)",
    what="number of runs",
    kind="number",
)
RACE_BUDGET = Option(
    name="race_budget",
    metavar="TIME",
    help='When the race fixture gives up a search: seconds, or "500ms", "1min" (default: never)',
    what="budget",
    kind="time",
)
RACE_SEED = Option(
    name="race_seed",
    metavar="NUMBER",
    help="The seed of all random decisions of the race fixture (default: drawn, see the header)",
    what="seed",
    kind="number",
)
RACE_STRATEGY = Option(
    name="race_strategy",
    metavar="NAME",
    help="What makes the decisions of the race fixture (default: small programs are enumerated, "
    "others sampled with the portfolio)",
    valid=("portfolio", "random", "pct", "pos", "urw", "surw", "exhaustive", "stress"),
    what="strategy",
)
RACE_REPLAY = Option(
    name="race_replay",
    metavar="TOKEN",
    help="Replay the schedule of a finding of the race fixture, instead of searching",
    what="token",
    kind="token",
)
TABLE = (
    *(START_METHOD, HAZARDS, LEAKS),
    *(RACE_RUNS, RACE_BUDGET, RACE_SEED, RACE_STRATEGY, RACE_REPLAY),
)


class Settings(NamedTuple):
    """What the run was told, validated.

    Attributes:
        start_methods: the start methods to run under, in the order fork, spawn, forkserver.
        hazards: "expect" or "fail".
        leaks: "error", "warn", "off", or "" for the default mixture.
        race_runs: how many schedules the race fixture runs; None for as many as are needed.
        race_budget: when it gives up, in seconds; None for never.
        race_seed: its seed; None if it is to be drawn.
        race_strategy: the name of its strategy, or "".
        race_replay: a token to replay, or "".
        sources: where each value that is not a default came from, by option name.
    """

    start_methods: tuple[str, ...] = START_METHODS
    hazards: str = "expect"
    leaks: str = ""
    race_runs: int | None = None
    race_budget: float | None = None
    race_seed: int | None = None
    race_strategy: str = ""
    race_replay: str = ""
    sources: Mapping[str, str] = MappingProxyType({})


KEY = pytest.StashKey[Settings]()
_SEED = pytest.StashKey[int]()


def add_options(parser: pytest.Parser) -> None:
    """Add every option of the table to the command line and the ini file."""
    group = parser.getgroup(
        "concurrency", "start methods, hazards, leaks and races (pytest_concurrency)"
    )
    for option in TABLE:
        group.addoption(option.flag, metavar=option.metavar, default=None, help=option.help)
        parser.addini(option.name, option.help, type="string", default="")


def read_settings(config: pytest.Config) -> Settings:
    """Read and validate every option.

    Raises:
        pytest.UsageError: for a value that is not valid; the text names where it was written.
    """
    values: dict[str, tuple[str, ...]] = {}
    others: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in TABLE:
        written = _find(option, config)
        if written is not None:
            text, source = written
            if option.kind == "word":
                values[option.name] = parse(option, _split(option, text), source)
            else:
                others[option.name] = _parse_value(option, text.strip(), source)
            sources[option.name] = source
    return Settings(
        start_methods=values.get("start_method", START_METHODS),
        hazards=values.get("hazards", ("expect",))[0],
        leaks=values.get("leaks", ("",))[0],
        race_strategy=values.get("race_strategy", ("",))[0],
        sources=sources,
        **others,
    )


def seed_of(config: pytest.Config) -> int:
    """Returns the seed of this run: the one asked for, or one that all workers share."""
    settings: Settings = config.stash[KEY]
    if settings.race_seed is not None:
        return settings.race_seed
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    if _SEED not in config.stash:
        drawn = worker.get("race_seed", int.from_bytes(os.urandom(4), "big"))
        config.stash[_SEED] = int(drawn)
    return config.stash[_SEED]


def parse(option: Option, words: Iterable[object], source: str) -> tuple[str, ...]:
    """Check the words written for an option.

    Args:
        option: the row of the table.
        words: what was written.
        source: where, as the reader would call it.

    Returns:
        The words without repeats, in the table's order.

    Raises:
        pytest.UsageError: when there is none, or one is not valid.
    """
    words = list(words)
    available = ", ".join(option.valid)
    if not words:
        raise pytest.UsageError(f"no {option.what} in {source}; available: {available}")
    for word in words:
        if word not in option.valid:
            raise pytest.UsageError(
                f"unknown {option.what} {word!r} from {source}; available: {available}"
            )
    return tuple(word for word in option.valid if word in words)


def _parse_value(option: Option, text: str, source: str) -> int | float | str:
    """Reads a number, a time or a token.

    Raises:
        pytest.UsageError: when it is none.
    """
    if option.kind == "token":
        from pytest_concurrency.race.detector import Race
        from pytest_concurrency.race.schedule import BadToken

        try:
            Race().replay(text)
        except BadToken as mistake:
            raise pytest.UsageError(f"{source}: {mistake}") from None
        return text
    if option.kind == "time":
        from pytest_concurrency.race.goal import budget_in_seconds

        try:
            return budget_in_seconds(text, source)
        except ValueError as mistake:
            raise pytest.UsageError(str(mistake)) from None
    if not text.isdigit() or (option is RACE_RUNS and int(text) < 1):
        raise pytest.UsageError(f"{option.what} from {source} is not a number: {text!r}")
    return int(text)


def _find(option: Option, config: pytest.Config) -> tuple[str, str] | None:
    given = config.getoption(option.name)
    if given is not None:
        return str(given), option.flag
    if option.environment and os.environ.get(option.environment):
        return os.environ[option.environment], option.environment
    written = str(config.getini(option.name))
    if written:
        return written, f"{option.name} in {config.inipath or 'the ini file'}"
    return None


def _split(option: Option, text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word] if option.many else [text.strip()]
