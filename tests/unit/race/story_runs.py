"""Failing runs, put together by hand, that both the diagnosis and the story are tested with."""

from __future__ import annotations

from collections.abc import Callable

from pytest_concurrency.race.recording import Crash, Record, Step, Wait
from tests.unit.race.hand_built import Actor, line_of
from tests.unit.race.story_sample import Cache, Counter, Mailbox, add_up, transfer

FILE = add_up.__code__.co_filename
A, B, C = Actor("0"), Actor("1"), Actor("2")
VALUE = "Counter#1.value"
ADD = "self.value += 1"


def crash(actor: Actor, error: str, function: Callable[..., object], text: str) -> Crash:
    return Crash(actor.path, error, FILE, line_of(function, text))


def increment(actor: Actor, value: int) -> tuple[Step, Step]:
    """An increment that nobody disturbs."""
    old, new = str(value), str(value + 1)
    return (
        actor.reads(Counter.increment, ADD, VALUE, old),
        actor.writes(Counter.increment, ADD, VALUE, old, new),
    )


def lost_update() -> Record:
    read, _ = increment(A, 0)
    write = A.writes(Counter.increment, ADD, VALUE, "1", "1")
    return Record((read, *increment(B, 0), write))


def deadlock(*, recorded: bool = True) -> Record:
    """Two transfers in opposite directions.

    Args:
        recorded: Whether the last waits are steps, or known from their end only.
    """
    outer, inner = "with giver.lock", "with taker.lock"
    first, second = "Account#1", "Account#2"
    waits = tuple(
        Wait(me.path, f"{theirs}.lock", FILE, line_of(transfer, inner), other.path, held)
        for me, theirs, other in ((A, second, B), (B, first, A))
        for held in (line_of(transfer, outer),)
    )
    steps = []
    for actor, mine in ((A, first), (B, second)):
        steps += [
            actor.locks(transfer, outer, f"{mine}.lock", "takes"),
            actor.reads(transfer, "giver.balance", f"{mine}.balance", "10"),
            actor.writes(transfer, "giver.balance", f"{mine}.balance", "10", "5"),
        ]
    if recorded:
        steps += [
            B.locks(transfer, inner, f"{first}.lock", "waits"),
            A.locks(transfer, inner, f"{second}.lock", "waits"),
        ]
    return Record(tuple(steps), waits=waits)


def check_then_act() -> Record:
    error = "KeyError: 'a'"
    found = "return self.entries[key]"
    return Record(
        (
            A.reads(Cache.use, "if key in", "dict#1", "{'a': 1}", "contains"),
            B.does(Cache.forget, "del", "delete-item", "dict#1['a']", before="1"),
            A.does(Cache.use, found, "get-item", "dict#1['a']", raised=error),
        ),
        crashes=(crash(A, error, Cache.use, found),),
    )


def torn_read() -> Record:
    outer, inner = "with giver.lock", "with taker.lock"
    first, second = "Account#1", "Account#2"
    both = "assert first.balance"
    return Record(
        (
            A.locks(transfer, outer, f"{first}.lock", "takes"),
            A.reads(transfer, "giver.balance", f"{first}.balance", "10"),
            A.writes(transfer, "giver.balance", f"{first}.balance", "10", "5"),
            B.reads(add_up, both, f"{first}.balance", "5"),
            B.reads(add_up, both, f"{second}.balance", "10", nth=1),
            A.locks(transfer, inner, f"{second}.lock", "takes"),
            A.reads(transfer, "taker.balance", f"{second}.balance", "10"),
            A.writes(transfer, "taker.balance", f"{second}.balance", "10", "15"),
            A.locks(transfer, inner, f"{second}.lock", "releases"),
            A.locks(transfer, outer, f"{first}.lock", "releases"),
        ),
        crashes=(crash(B, "AssertionError: assert (5 + 10) == 20", add_up, both),),
    )


def unrepeatable_read() -> Record:
    check = "assert self.value"
    return Record(
        (
            A.reads(Counter.twice, "before =", VALUE, "0"),
            *increment(B, 0),
            A.reads(Counter.twice, ADD, VALUE, "1"),
            A.writes(Counter.twice, ADD, VALUE, "1", "2"),
            A.reads(Counter.twice, check, VALUE, "2"),
        ),
        crashes=(crash(A, "AssertionError: assert 2 == (0 + 1)", Counter.twice, check),),
    )


def lost_wakeup() -> Record:
    changed, wait = "Mailbox#1.changed", "self.changed.wait"
    return Record(
        (
            B.locks(Mailbox.send, "with", changed, "takes"),
            B.does(Mailbox.send, "self.letters", "call", "list#1", before="[]", after="['hello']"),
            B.does(Mailbox.send, "self.changed.notify", "call", changed),
            B.locks(Mailbox.send, "with", changed, "releases"),
            A.locks(Mailbox.receive, "with", changed, "takes"),
            A.locks(Mailbox.receive, wait, f"{changed}.wait()", "waits", "call"),
        ),
        waits=(Wait("0", f"{changed}.wait()", FILE, line_of(Mailbox.receive, wait)),),
    )


def endless_loop() -> Record:
    return Record(
        (*increment(A, 0), *[B.reads(Cache.wait, "while", "Cache#1.ready", "False")] * 60),
        endless=True,
    )


def long_run() -> Record:
    """A lost update in the middle of the long loop of a third actor."""
    fill = [
        C.does(Cache.fill, "self.entries[key]", "set-item", f"dict#1['{key}']", after="1")
        for key in range(60)
    ]
    return Record((*fill[:40], *lost_update().steps, *fill[40:]))


def five_actors() -> Record:
    """Three actors that keep a limit, and two that exceed it together."""

    def limited(actor: Actor, value: int) -> list[Step]:
        old, new = str(value), str(value + 1)
        return [
            actor.reads(Counter.limited, "if self.value", VALUE, old),
            actor.reads(Counter.limited, ADD, VALUE, old),
            actor.writes(Counter.limited, ADD, VALUE, old, new),
        ]

    check, *_ = limited(A, 3)
    _, *act = limited(A, 4)
    before = [step for path in (2, 3, 4) for step in limited(Actor(str(path)), path - 2)]
    return Record((*before, check, *limited(B, 3), *act))
