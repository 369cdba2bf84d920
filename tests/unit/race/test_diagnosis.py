"""A failing run gets the name that its accesses show, and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_concurrency.race.diagnosis import diagnose
from pytest_concurrency.race.recording import Crash, Record, Step, Wait
from tests.unit.race import story_runs as runs
from tests.unit.race.hand_built import Actor, line_of
from tests.unit.race.story_runs import ADD, FILE, VALUE, A, B, C, crash, increment
from tests.unit.race.story_sample import Cache, Counter, Mailbox, add_up, transfer


@pytest.mark.parametrize(
    ("run", "name", "steps"),
    [
        (runs.lost_update, "lost update", (0, 2, 3)),
        (runs.deadlock, "deadlock", (0, 3, 6, 7)),
        (runs.check_then_act, "check-then-act", (0, 1, 2)),
        (runs.torn_read, "torn read", (2, 3, 4, 7)),
        (runs.unrepeatable_read, "unrepeatable read", (0, 2, 3)),
        (runs.lost_wakeup, "lost wake-up", (2, 5)),
        (runs.endless_loop, "endless loop", (61,)),
        (runs.long_run, "lost update", (40, 42, 43)),
        (runs.five_actors, "check-then-act", (9, 12, 14)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_names_and_steps(run: Callable[[], Record], name: str, steps: tuple[int, ...]) -> None:
    found = diagnose(run())
    assert (found.name, found.steps) == (name, steps)


def test_a_lost_update_tells_which_write_overwrote_which() -> None:
    line = line_of(Counter.increment, ADD)
    assert diagnose(runs.lost_update()).text == (
        f"Actor 0 read Counter#1.value = 0 on line {line}. Before it wrote there itself, "
        f"actor 1 wrote 1 on line {line}. Actor 0 never saw that and wrote 1 over it on "
        f"line {line}: the update of actor 1 is lost."
    )


def test_a_deadlock_tells_who_holds_and_who_waits() -> None:
    outer, inner = line_of(transfer, "with giver"), line_of(transfer, "with taker")
    text = (
        f"Actor 0 waits for Account#2.lock on line {inner}, which actor 1 has held since line "
        f"{outer}. Actor 1 waits for Account#1.lock on line {inner}, which actor 0 has held since "
        f"line {outer}. Each waits for the other, for ever."
    )
    assert diagnose(runs.deadlock()).text == text
    assert diagnose(runs.deadlock(recorded=False)).text == text


def test_a_circle_of_three_leaves_out_who_only_waits_for_it() -> None:
    waits = (
        Wait("3", "Lock#1", FILE, 9, holder="0"),
        Wait("0", "Lock#2", FILE, 1, holder="1"),
        Wait("1", "Lock#3", FILE, 2, holder="2"),
        Wait("2", "Thread actor 0", FILE, 3, holder="0"),
    )
    found = diagnose(Record((), waits))
    assert found.name == "deadlock"
    assert found.text == (
        "Actor 0 waits for Lock#2 on line 1, which actor 1 holds. Actor 1 waits for Lock#3 on "
        "line 2, which actor 2 holds. Actor 2 waits for actor 0 to end on line 3. They wait "
        "for each other in a circle, for ever."
    )


def test_an_actor_that_takes_its_own_lock_again() -> None:
    found = diagnose(Record((), (Wait("0", "Lock#1", FILE, 5, "0", 4),)))
    assert found.text == (
        "Actor 0 waits for Lock#1 on line 5, which it has held since line 4. So it waits for "
        "itself, for ever."
    )


def test_a_lock_that_its_holder_took_to_its_end() -> None:
    with_lock = "with giver.lock"
    took = A.locks(transfer, with_lock, "Account#1.lock", "takes")
    wait = Wait("1", "Account#1.lock", FILE, 7, "0", took.line)
    found = diagnose(Record((took,), (wait,)))
    assert found.name == "deadlock"
    assert found.steps == (0,)
    assert "actor 0 ended without releasing it" in found.text
    assert found.text.endswith("Nobody is left who could wake it.")


def test_an_exception_before_a_deadlock_is_told() -> None:
    crashes = (Crash("0", "ValueError: no", FILE, 3),)
    found = diagnose(Record((), (Wait("1", "Lock#1", FILE, 7, "0"),), crashes))
    assert found.name == "deadlock"
    assert found.text == (
        "Actor 1 waits for Lock#1 on line 7, which actor 0 holds; actor 0 ended without "
        "releasing it. Nobody is left who could wake it. Before that, actor 0 ended with "
        "ValueError: no on line 3."
    )


def test_a_signal_after_the_wait_began_is_not_lost() -> None:
    run = runs.lost_wakeup()
    waiting, *others = run.steps[-1], *run.steps[:-1]
    found = diagnose(Record((waiting, *others), run.waits))
    assert found.name == "deadlock"
    assert found.steps == (0,)


def test_a_signal_that_another_actor_heard_is_not_lost() -> None:
    run = runs.lost_wakeup()
    waiting = run.steps[-1]._replace(actor="2")
    woken = waiting._replace(locks="takes")
    found = diagnose(Record((waiting, *run.steps[:3], woken, *run.steps[3:]), run.waits))
    assert found.name == "deadlock"
    assert found.steps == (7,)


def test_a_signal_to_another_condition_is_not_blamed() -> None:
    run = runs.lost_wakeup()
    other = run.steps[2]._replace(label="Mailbox#2.changed")
    found = diagnose(Record((*run.steps[:2], other, *run.steps[3:]), run.waits))
    assert found.name == "deadlock"


def test_updates_one_after_the_other_are_not_lost() -> None:
    found = diagnose(Record((*increment(A, 0), *increment(B, 1))))
    assert found.name == "a race"
    assert found.steps == (1, 2)


def test_an_update_of_another_object_is_not_lost() -> None:
    other = [step._replace(label="Counter#2.value") for step in increment(B, 0)]
    read, write = increment(A, 0)
    found = diagnose(Record((read, *other, write)))
    assert (found.name, found.steps) == ("wrong result", ())


def test_who_looks_again_does_not_act_on_the_old_answer() -> None:
    check = A.reads(Counter.limited, "if self.value", VALUE, "0")
    again = check._replace(before="1")
    found = diagnose(Record((check, *increment(B, 0), again)))
    assert found.name != "check-then-act"


def test_the_rest_of_a_condition_is_not_what_was_decided() -> None:
    check = A.reads(Counter.limited, "if self.value", VALUE, "0")
    rest = check._replace(label="Counter#1.limit")
    found = diagnose(Record((check, *increment(B, 0), rest)))
    assert found.name == "a race"


def test_a_change_of_another_part_of_the_object_is_an_act() -> None:
    check = A.reads(Cache.wait, "while", "Cache#1.ready", "True")
    change = B.writes(Cache.fill, "self.ready", "Cache#1.ready", "True", "False")
    act = A.writes(Counter.increment, ADD, "Cache#1.value", "0", "1")
    found = diagnose(Record((check, change, act)))
    assert (found.name, found.steps) == ("check-then-act", (0, 1, 2))


def test_a_decision_that_nobody_disturbed_is_not_blamed() -> None:
    check = A.reads(Counter.limited, "if self.value", VALUE, "0")
    act = [
        A.reads(Counter.limited, ADD, VALUE, "0"),
        A.writes(Counter.limited, ADD, VALUE, "0", "1"),
    ]
    assert diagnose(Record((check, *act, *increment(B, 1)))).name == "a race"


def test_the_tighter_of_two_patterns_gives_the_name() -> None:
    """B comes between the read and the write of `+=`, which lie closer than the `if`."""
    found = diagnose(
        Record(
            (
                A.reads(Counter.limited, "if self.value", VALUE, "0"),
                A.reads(Counter.limited, ADD, VALUE, "0"),
                *increment(B, 0),
                A.writes(Counter.limited, ADD, VALUE, "1", "1"),
            )
        )
    )
    assert (found.name, found.steps) == ("lost update", (1, 3, 4))


@pytest.mark.parametrize("order", ["new first", "old first", "around"])
def test_a_torn_read_in_every_order(order: str) -> None:
    first, second = "Account#1.balance", "Account#2.balance"
    both = "assert first.balance"

    def see(label: str, value: str, nth: int) -> list[Step]:
        return [B.reads(add_up, both, label, value, nth=nth)]

    one = A.writes(transfer, "giver.balance", first, "10", "5")
    two = A.writes(transfer, "taker.balance", second, "10", "15")
    steps = {
        "new first": [one, *see(first, "5", 0), *see(second, "10", 1), two],
        "old first": [*see(second, "10", 0), one, *see(first, "5", 1), two],
        "around": [*see(first, "10", 0), one, two, *see(second, "15", 1)],
    }[order]
    found = diagnose(Record(tuple(steps)))
    assert (found.name, found.steps) == ("torn read", (0, 1, 2, 3))


def test_a_reader_that_comes_before_or_after_both_changes_is_not_torn() -> None:
    run = runs.torn_read()
    writer = [step for step in run.steps if step.actor == "0"]
    before = [step._replace(before="10") for step in run.steps if step.actor == "1"]
    assert diagnose(Record((*before, *writer))).name == "a race"


def test_an_exception_without_a_pattern_names_what_was_met() -> None:
    pop = "return self.letters.pop"
    error = "IndexError: pop from empty list"
    took = A.does(Mailbox.receive, pop, "call", "list#1", before="['hello']", after="[]")
    failed = B.does(Mailbox.receive, pop, "call", "list#1", before="[]", after="[]", raised=error)
    found = diagnose(Record((took, failed), crashes=(crash(B, error, Mailbox.receive, pop),)))
    assert (found.name, found.steps) == ("exception in an actor", (0, 1))
    line = line_of(Mailbox.receive, pop)
    assert found.text == (
        f"Actor 1 ended with IndexError: pop from empty list on line {line}. It had used list#1, "
        f"which actor 0 changed last, on line {line}."
    )


def test_an_exception_is_not_blamed_on_a_conflict_about_something_else() -> None:
    run = runs.check_then_act()
    alone = run.steps[2]
    found = diagnose(Record((*runs.lost_update().steps, alone), crashes=run.crashes))
    assert (found.name, found.steps) == ("exception in an actor", (4,))


def test_an_exception_after_an_update_of_others_was_lost() -> None:
    check = "assert self.value"
    failed = C.reads(Counter.twice, check, VALUE, "1")
    ended = crash(C, "AssertionError", Counter.twice, check)
    found = diagnose(Record((*runs.lost_update().steps, failed), crashes=(ended,)))
    assert found.name == "lost update"
    assert found.text.endswith(
        f"Actor 2 ended with AssertionError on line {line_of(Counter.twice, check)}."
    )


def test_an_exception_alone() -> None:
    found = diagnose(Record((), crashes=(Crash("0", "ValueError: no", FILE, 3),)))
    assert found.name == "exception in an actor"
    assert found.text == "Actor 0 ended with ValueError: no on line 3."


def test_an_endless_loop_tells_its_line_and_what_it_waits_for() -> None:
    line = line_of(Cache.wait, "while")
    assert diagnose(runs.endless_loop()).text == (
        f"Actor 1 goes round and round on line {line} (`while not self.ready:`). All the time it "
        "read Cache#1.ready = False, which nobody changed."
    )


def test_actors_that_undo_each_others_work_are_a_livelock() -> None:
    def change(actor: Actor, before: str, after: str) -> list[Step]:
        return [
            actor.reads(Counter.limited, "if self.value", VALUE, before),
            actor.writes(Counter.limited, ADD, VALUE, before, after),
        ]

    steps = [*change(A, "0", "1"), *change(B, "1", "0")] * 50
    found = diagnose(Record(tuple(steps), endless=True))
    first, second = line_of(Counter.limited, "if self"), line_of(Counter.limited, ADD)
    assert found.name == "livelock"
    assert found.text == (
        f"Actor 0 goes round and round on lines {first} and {second}. Actor 1 goes round and "
        f"round on lines {first} and {second}. Each reads what another one changes, and none "
        "gets anywhere."
    )


def test_several_files_are_named_in_the_sentences() -> None:
    run = runs.deadlock()
    waits = (run.waits[0], run.waits[1]._replace(filename="/elsewhere/bank.py", line=3))
    text = diagnose(run._replace(waits=waits)).text
    assert "on line 3 of bank.py" in text
    assert "of story_sample.py" in text
