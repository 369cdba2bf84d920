"""The story of a failing run reads as the texts in `stories` do, and fits into the terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_concurrency.race.diagnosis import diagnose
from pytest_concurrency.race.points.names import Names
from pytest_concurrency.race.points.operations import find_operations
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.recording import Crash, Record, Step, Wait
from pytest_concurrency.race.story import Line, Story, tell
from tests.unit.race import story_runs as runs
from tests.unit.race.hand_built import Actor, line_of
from tests.unit.race.story_runs import ADD, FILE, VALUE, A, B, crash, increment
from tests.unit.race.story_sample import Cache, Counter, Mailbox, transfer

STORIES = Path(__file__).parent / "stories"
INCREMENTS = {"0": "Counter.increment", "1": "Counter.increment"}


@pytest.fixture(autouse=True)
def _beside_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are shown from the current folder."""
    monkeypatch.chdir(os.path.dirname(FILE))


def story(record: Record, names: Mapping[str, str] | None = None, width: int = 100) -> Story:
    return tell(record, diagnose(record), names or {}, width=width)


def told(record: Record, width: int = 100) -> list[str]:
    """Returns what happened, from the first entry on, without columns."""
    lines = str(story(record, width=width)).splitlines()
    (rule,) = [number for number, line in enumerate(lines) if line and set(line) <= {"-", "+"}]
    return [line.replace("|", " ").strip() for line in lines[rule + 1 :]]


@pytest.mark.parametrize(
    ("name", "run", "names", "width"),
    [
        ("lost_update", runs.lost_update, INCREMENTS, 100),
        ("lost_update_narrow", runs.lost_update, INCREMENTS, 60),
        ("deadlock", runs.deadlock, {"0": "transfer", "1": "transfer"}, 100),
        ("check_then_act", runs.check_then_act, {"0": "Cache.use", "1": "Cache.forget"}, 100),
        ("torn_read", runs.torn_read, {"0": "transfer", "1": "add_up"}, 100),
        ("unrepeatable_read", runs.unrepeatable_read, {**INCREMENTS, "0": "Counter.twice"}, 100),
        ("lost_wakeup", runs.lost_wakeup, {"0": "Mailbox.receive", "1": "Mailbox.send"}, 100),
        ("endless_loop", runs.endless_loop, {**INCREMENTS, "1": "Cache.wait"}, 100),
        ("long_run", runs.long_run, {**INCREMENTS, "2": "Cache.fill"}, 100),
        ("five_actors", runs.five_actors, dict.fromkeys("01234", "Counter.limited"), 100),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_golden(name: str, run: Callable[[], Record], names: Mapping[str, str], width: int) -> None:
    text = str(story(run(), names, width))
    assert text + "\n" == (STORIES / f"{name}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= width


def test_lines_have_styles() -> None:
    lines = story(runs.lost_update(), INCREMENTS).lines
    by_style: dict[str, list[str]] = {}
    for line in lines:
        by_style.setdefault(line.style, []).append(line.text.replace("|", "").strip())
    assert by_style["conflict"] == [
        "reads Counter#1.value = 0",
        "<-- will soon be out of date",
        "writes Counter#1.value = 1 (was 0)",
        "<-- actor 0 never sees this",
        "writes Counter#1.value = 1 (was 1)",
        "<-- overwrites the 1 that actor 1 wrote on",
        "line 11",
    ]
    assert by_style["heading"][-1] == "~~~ preempted by actor 1 ~~~"
    assert "story_sample.py" in by_style["dim"]
    assert str(story(runs.lost_update(), INCREMENTS)) == "\n".join(line.text for line in lines)


def test_a_wait_that_is_no_step_is_told_all_the_same() -> None:
    recorded, not_recorded = told(runs.deadlock()), told(runs.deadlock(recorded=False))
    assert sorted(recorded) == sorted(not_recorded)


def test_an_actor_that_ended_is_not_preempted() -> None:
    assert not any(
        "preempted" in line for line in told(Record((*increment(A, 0), *increment(B, 1))))
    )


def test_an_actor_that_waits_is_not_preempted_and_goes_on_later() -> None:
    lock, label = "with giver.lock", "Account#1.lock"
    lines = told(
        Record(
            (
                A.locks(transfer, lock, label, "takes"),
                B.locks(transfer, lock, label, "waits"),
                A.locks(transfer, lock, label, "releases"),
                B.locks(transfer, lock, label, "takes"),
            )
        )
    )
    line = line_of(transfer, lock)
    assert lines == [
        f"{line}  with giver.lock:",
        "takes Account#1.lock",
        "~~~ preempted by actor 1 ~~~",
        f"{line}  with giver.lock:",
        "waits for Account#1.lock, held by actor 0",
        f"since line {line}",
        f"{line}  (end of) with giver.lock:",
        "releases Account#1.lock",
        f"{line}  (goes on) with giver.lock:",
        "takes Account#1.lock",
    ]


def test_a_wait_that_is_over_at_once_stays_in_one_entry() -> None:
    wait, label = "self.changed.wait", "Mailbox#1.changed.wait()"
    waits = A.locks(Mailbox.receive, wait, label, "waits", "call")
    assert told(Record((waits, waits._replace(locks="takes"))))[1:] == [
        "waits in Mailbox#1.changed.wait()",
        "goes on: the wait in Mailbox#1.changed.wait() is over",
    ]


def test_an_actor_waits_for_another_one_to_end() -> None:
    lines = told(Record((), (Wait("0", "Thread actor 1", FILE, 11, "1"),)))
    assert lines[-1] == "waits for actor 1 to end  <-- waits for ever"


def test_the_next_round_of_a_loop_is_another_entry() -> None:
    steps = [*increment(A, 0), *increment(A, 1)]
    lines = told(Record(tuple(steps)))
    line = f"{line_of(Counter.increment, ADD)}  self.value += 1"
    assert [number for number, text in enumerate(lines) if text == line] == [0, 3]


def test_an_exception_where_no_step_is_known_ends_its_actor() -> None:
    run = Record(
        (A.reads(Cache.wait, "while", "Cache#1.ready", "False"),),
        crashes=(Crash("0", "ValueError: no", FILE, line_of(Cache.wait, "pass")),),
    )
    assert told(run)[2:] == [
        "ends with ValueError: no",
        f"raised on line {line_of(Cache.wait, 'pass')}:",
        "pass",
    ]


def test_an_exception_of_an_actor_without_steps() -> None:
    assert told(Record((), crashes=(Crash("0", "ValueError: no", "/gone.py", 3),))) == [
        "ends with ValueError: no",
        "raised on line 3:",
    ]


def test_an_exception_that_left_a_with_block_is_told_before_its_end() -> None:
    run = Record(
        (
            A.locks(transfer, "with giver.lock", "Account#1.lock", "takes"),
            A.does(transfer, "giver.balance", "read", raised="AttributeError: balance"),
            A.locks(transfer, "with giver.lock", "Account#1.lock", "releases"),
        ),
        crashes=(crash(A, "AttributeError: balance", transfer, "giver.balance"),),
    )
    lines = told(run)
    assert lines.count("raises AttributeError: balance  <-- ends actor 0") == 1
    assert lines[-1] == "releases Account#1.lock"
    assert not any(line.startswith("ends with") for line in lines)


def test_an_assertion_of_many_lines_is_told_in_one() -> None:
    run = runs.torn_read()
    error = run.crashes[0]._replace(error="AssertionError: assert 15 == 20\n  where 15 = ...")
    assert "raises AssertionError: assert 15 == 20" in told(run._replace(crashes=(error,)))


def test_each_file_is_named_where_there_are_several(tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("def touch(counter):\n    counter.value = 5\n", encoding="utf-8")
    namespace: dict[str, Callable[[object], None]] = {}
    exec(compile(other.read_text(encoding="utf-8"), str(other), "exec"), namespace)
    code = namespace["touch"].__code__
    names = Names()
    names.learn(code, namespace, Scope())
    (operation,) = find_operations(code, namespace, names, Scope()).values()
    write = Step("1", operation, VALUE, "0", "5", writes=True)
    read, last = increment(A, 0)
    text = str(story(Record((read, write, last)), width=300))
    shared = os.path.commonpath([FILE, str(other)]).removesuffix(os.sep)
    assert "wrote 5 on line 2 of other.py" in " ".join(text.split())
    found = [line.replace("|", " ").strip() for line in text.splitlines()]
    places = [os.path.relpath(path, shared) if shared else path for path in (FILE, str(other))]
    assert [line for line in found if line.endswith(".py:")] == [f"{each}:" for each in places]
    assert found[found.index(f"{places[1]}:") + 1] == "2  counter.value = 5"


def test_values_that_are_not_known_are_left_out() -> None:
    run = Record(tuple(step._replace(before="", after="") for step in runs.lost_update().steps))
    assert "reads Counter#1.value" in told(run)
    assert "wrote another value on" in " ".join(str(story(run)).split())


def test_addresses_are_left_out() -> None:
    read = A.reads(Counter.increment, ADD, VALUE, "<Counter object at 0x7F00aa>")
    assert told(Record((read,)))[-1] == "reads Counter#1.value = <Counter object>"


def test_long_values_and_lines_stay_within_the_width() -> None:
    value = "[" + "1, " * 200 + "]"
    run = Record((*increment(A, 0), *increment(B, 1)))
    steps = tuple(step._replace(before=value, after=value + value) for step in run.steps)
    for width in (40, 64, 100):
        text = str(story(Record(steps), INCREMENTS, width))
        assert max(map(len, text.splitlines())) <= width


def test_a_long_story_keeps_every_actor_and_every_part_of_the_conflict() -> None:
    far = [step for k in range(50) for path in "123" for step in increment(Actor(path), k)]
    run = runs.lost_update()
    text = story(Record((*far, *run.steps, *far)), dict.fromkeys("0123", "Counter.increment"))
    assert len(text.lines) <= 55
    for path in "0123":
        assert any(line.text.startswith(f"actor {path} ") for line in text.lines)
    assert sum(line.style == "conflict" for line in text.lines) >= 3
    gaps = [line for line in text.lines if line.text.lstrip().startswith("...")]
    assert gaps
    assert gaps[-1].style == "dim"


def test_an_empty_record_is_told_as_such() -> None:
    assert story(Record(())).lines[0] == Line(
        "wrong result: No step of one actor is seen to meet a step of another one.", "heading"
    )
