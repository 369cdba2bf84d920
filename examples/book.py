"""The table of contents of the lessons, and what a learner sees of each: written, or compared.

    python examples/book.py            # rewrites README.md and the .out file beside each lesson
    python examples/book.py README.md  # rewrites the table of contents only, which takes a second

A test compares both with what is there, so that neither tells of a book that used to be.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
README = EXAMPLES / "README.md"
# Some hazards show under other start methods on other versions, and tracebacks have other lines.
RECORDED_WITH = (3, 13)
METHODS = ("fork", "spawn", "forkserver")
_NEED_A_METHOD = ("start_method", "mp_context", "run_in_process", "run_script")
_BEGIN, _END = "<!-- contents: begin -->", "<!-- contents: end -->"
_TITLES = (
    "Separate memory and the three start methods",
    "Pickling: what may cross",
    "Life of a process: arguments, errors, ends",
    "Threads and the GIL",
    "Shared state, locks, deadlocks",
    "Pipes and queues",
    "Pools and executors",
    "What fork copies",
    "asyncio",
    "Decorators, class state, special attributes",
    "Costs",
    "Under pytest",
)


class Entry(NamedTuple):
    """A hazard or a fact that the book has to tell."""

    chapter: int
    id: str
    tutorials: str


class Told(NamedTuple):
    """A hazard or a fact, as a page tells it.

    Attributes:
        id: Which.
        kind: hazard or fact.
        page: The file.
        test: The name of the test.
        under: The start methods under which a hazard shows; empty if none is involved.
        fixes: The names of the tests of the remedies.
    """

    id: str
    kind: str
    page: Path
    test: str
    under: tuple[str, ...]
    fixes: tuple[str, ...]

    @property
    def chapter(self) -> int:
        """The number of the chapter that its page stands in."""
        return int(self.page.parent.name[1:3])


def entries() -> list[Entry]:
    """Returns what the book has to tell, in order."""
    with (EXAMPLES / "contents.csv").open(encoding="utf-8") as file:
        return [
            Entry(int(row["chapter"]), row["id"], row["tutorials"]) for row in csv.DictReader(file)
        ]


def pages() -> list[Path]:
    """Returns the pages in the order in which they are read."""
    return sorted(EXAMPLES.glob("c*/test_*.py"))


def told() -> Iterator[Told]:
    """Yields what the pages tell, in order."""
    for page in pages():
        functions = _functions_of(_loaded(page))
        fixes: dict[str, list[str]] = {}
        for name, _, mark in functions:
            if mark.name == "fix":
                fixes.setdefault(mark.args[0], []).append(name)
        for name, function, mark in functions:
            if mark.name != "fix":
                needs = any(each in _NEED_A_METHOD for each in signature(function).parameters)
                under = tuple(mark.kwargs.get("under", METHODS)) if needs else ()
                found = tuple(fixes.get(mark.args[0], ()))
                yield Told(mark.args[0], mark.name, page, name, under, found)


def _loaded(page: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(page.stem, page)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[page.stem] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[page.stem]
    return module


def _functions_of(module: ModuleType) -> list[tuple[str, Any, Any]]:
    return [
        (name, function, mark)
        for name, function in vars(module).items()
        for mark in getattr(function, "pytestmark", ())
        if name.startswith("test_") and mark.name in ("hazard", "fix", "fact")
    ]


def table_of_contents() -> str:
    """Returns the table of contents, chapter by chapter."""
    tutorials = {entry.id: entry.tutorials for entry in entries()}
    every = list(told())
    lines = []
    for number, title in enumerate(_TITLES, 1):
        lines += ["", f"### {number}. {title}", ""]
        lines += [
            "| page | hazard or fact | tutorial | shows under | fixes |",
            "|---|---|---|---|---|",
        ]
        before = None
        for each in every:
            if each.chapter != number:
                continue
            link = "" if each.page == before else f"[{each.page.stem[5:]}]({_place(each.page)})"
            before = each.page
            cells = (link, f"`{each.id}`", tutorials.get(each.id, ""), _shown(each), _fixed(each))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines).strip()


def _place(page: Path) -> str:
    return page.relative_to(EXAMPLES).as_posix()


def _shown(each: Told) -> str:
    if each.kind == "fact":
        return "fact"
    return ", ".join(method for method in METHODS if method in each.under) or "always"


def _fixed(each: Told) -> str:
    names = (each.test,) if each.kind == "fact" else each.fixes
    return "; ".join(name.removeprefix("test_").replace("_", " ") for name in names)


def readme() -> str:
    """Returns what the README is to say: its own words, and the table of contents."""
    before, _, rest = README.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n{table_of_contents()}\n{_END}{after}"


def seen(chosen: Sequence[str] = ("examples",)) -> dict[Path, str]:
    """Runs the hazards so that they fail, and returns what a learner sees, by page.

    Args:
        chosen: Which pages or folders, from the root of the project.
    """
    command = [sys.executable, "-m", "pytest", "-p", "pytest_concurrency", "-p", "no:cacheprovider"]
    command += [*chosen, "--hazards=fail", "-m", "hazard", "-n", "2", "--race-seed=1", "--color=no"]
    ours = ("PYTEST_ADDOPTS", "PYTEST_CONCURRENCY_START_METHOD", "PY_COLORS", "FORCE_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    result = subprocess.run(
        command,
        cwd=ROOT,
        # pytest lists the differences of sets and dictionaries by hash.
        env={**environment, "COLUMNS": "100", "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    # The last ones are ours: lessons that run pytest themselves print such lines, too.
    report, _, summary = result.stdout.rpartition("= short test summary info =")
    failures = report.partition("= FAILURES =")[2].rpartition("= hazards =")[0]
    failures = re.split(r"^=+ races =+$", failures, flags=re.M)[0].rstrip("=\n")
    nodes = re.findall(r"^FAILED (\S+?)::(.+?)(?: - .*)?$", summary, flags=re.M)
    blocks = _blocks(failures, [name for _, name in nodes])
    if result.returncode != 1 or len(blocks) != len(nodes):
        raise RuntimeError(f"the hazards could not be recorded:\n{result.stdout[-5000:]}")
    first: dict[Path, dict[str, tuple[int, str]]] = {}
    for (page, name), block in zip(nodes, blocks, strict=True):
        method = re.search(r"\b(fork|spawn|forkserver)\b", name.partition("[")[2])
        place = METHODS.index(method[0]) if method else 0
        of_page = first.setdefault(ROOT / page, {})
        test = name.replace(f"[{method[0]}", "[", 1) if method else name
        if place <= of_page.get(test, (len(METHODS), ""))[0]:
            of_page[test] = place, f"{f' {name} ':_^100}\n{block.strip()}\n"
    return {page: _in_order(page, of_page) for page, of_page in first.items()}


def _blocks(failures: str, names: list[str]) -> list[str]:
    """Returns the parts of a text below the titles of failures, which come in this order."""
    places, start = [], 0
    for name in names:
        title = re.compile(rf"^_+ {re.escape(name)} _+$", re.M).search(failures, start)
        if title is None:
            return []
        places.append(title)
        start = title.end()
    ends = [title.start() for title in places[1:]] + [len(failures)]
    return [failures[title.end() : end] for title, end in zip(places, ends, strict=True)]


def _in_order(page: Path, blocks: dict[str, tuple[int, str]]) -> str:
    source = page.read_text(encoding="utf-8")
    ordered = sorted(blocks, key=lambda test: source.index(f"def {test.partition('[')[0]}("))
    return normalised("\n".join(blocks[test][1] for test in ordered))


_CHANGING = (
    (r"^\[gw\d+\] .*\n", ""),
    (re.escape(str(ROOT)) + "/", ""),
    (re.escape(sysconfig.get_paths()["stdlib"]) + "/", "<stdlib>/"),
    (re.escape(sysconfig.get_paths()["purelib"]) + "/", "<site-packages>/"),
    (re.escape(sys.executable), "<python>"),
    (r"/tmp/pytest-of-[^/]+/pytest-\d+/(popen-gw\d+/)?(\w+?)\d+\b", r"<tmp>/\2"),
    (r"(<stdlib>/[\w/.]+\.py:)\d+", r"\1N"),
    (r"(<stdlib>/[\w/.]+\.py\", line )\d+", r"\1N"),
    (r"/tmp/pytest-concurrency-\w+/", "<tmp>/"),
    (r"/tmp/pymp-\w+/listener-\w+", "<tmp>/listener"),
    (r"0x[0-9a-f]{6,}", "0x..."),
    (r"\b((?:Spawn|Fork|ForkServer)?(?:Process|PoolWorker)|Thread)-\d+(:\d+)*", r"\1-N"),
    (r"(name='\w+)-\d+", r"\1-N"),
    (r"\b(c_\w+)\(\d{4,}\)", r"\1(N)"),
    (r"\b((?:ppid|pid|parent|process)[= ]+)\d{2,}\b", r"\1N"),
    (r"\bin \d+\.\d+ ?s\b", "in N s"),
    (r"\bpython3\.\d+", "python3.N"),
    (r"\b(C?Python) 3\.\d+\.\d+", r"\1 3.N"),
    (r"(\bpytest_concurrency/[\w/]+\.py(?::|\", line ))\d+", r"\1N"),
)


def normalised(text: str) -> str:
    """Takes out what differs from run to run: process ids, addresses, times, versions, places."""
    for pattern, instead in _CHANGING:
        text = re.sub(pattern, instead, text, flags=re.M)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main(arguments: list[str]) -> int:
    """Rewrites what is asked for."""
    if sys.version_info[:2] != RECORDED_WITH:
        print(f"what is in the book was recorded with Python {'.'.join(map(str, RECORDED_WITH))}")
        return 2
    README.write_text(readme(), encoding="utf-8")
    if arguments == ["README.md"]:
        return 0
    recorded = seen(arguments or ("examples",))
    for page in pages():
        output = page.with_suffix(".out")
        if page in recorded:
            output.write_text(recorded[page], encoding="utf-8")
        elif not arguments:
            output.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
