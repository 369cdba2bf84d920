"""The book of lessons is whole, its table of contents is true, and so is what it says one sees."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
if not EXAMPLES.exists():
    pytest.skip("there are no examples beside the tests", allow_module_level=True)

pytestmark = pytest.mark.xdist_group("book")


def _book() -> ModuleType:
    spec = importlib.util.spec_from_file_location("book", EXAMPLES / "book.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["book"] = module
    spec.loader.exec_module(module)
    return module


book = _book()
PAGES = book.pages()


def test_every_entry_is_told_once_and_in_its_chapter() -> None:
    wanted = [(entry.chapter, entry.id) for entry in book.entries()]
    told = [(each.chapter, each.id) for each in book.told()]
    assert len(wanted) == 182
    assert sorted(told) == sorted(wanted)


def test_every_hazard_has_a_fix() -> None:
    assert not [each.test for each in book.told() if each.kind == "hazard" and not each.fixes]


only_as_recorded = pytest.mark.skipif(
    sys.version_info[:2] != book.RECORDED_WITH,
    reason="what shows where, and lines of the standard library, are recorded with Python 3.13",
)


@only_as_recorded
def test_the_table_of_contents_is_up_to_date() -> None:
    assert book.readme() == book.README.read_text(encoding="utf-8"), "run: python examples/book.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_read_in_one_go(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    lines = source.splitlines()
    first, _, rest = source.removeprefix('"""').partition("\n")
    command = re.search(r"^    pytest -p pytest_concurrency (\S+)( --hazards=fail)?$", rest, re.M)
    assert 40 <= len(lines) <= 150
    assert first.endswith(".")
    assert command is not None
    assert list(EXAMPLES.parent.glob(command[1])) == [page]
    assert bool(command[2]) is ("@pytest.mark.hazard" in source)
    mentioned = re.findall(r"c\d\d_\w+/test_\w+\.py", source)
    assert [each for each in mentioned if not (EXAMPLES / each).exists()] == []


def test_no_two_pages_have_the_same_name() -> None:
    assert [name for name, count in Counter(page.name for page in PAGES).items() if count > 1] == []


@pytest.mark.timeout(300)
@only_as_recorded
def test_what_a_learner_sees_is_up_to_date() -> None:
    seen = book.seen()
    recorded = {path.with_suffix(".py") for path in EXAMPLES.glob("c*/*.out")}
    assert recorded == set(seen), "run: python examples/book.py"
    for page, text in seen.items():
        output = page.with_suffix(".out")
        difference = "\n".join(
            difflib.unified_diff(
                output.read_text(encoding="utf-8").splitlines(),
                text.splitlines(),
                f"{output.name}, as recorded",
                "as it is now",
                lineterm="",
            )
        )
        assert not difference, f"run: python examples/book.py\n{difference}"
