"""What is in the way of starting a child: its target and arguments, pickled as for a child."""

from __future__ import annotations

from typing import Any

from pytest_concurrency.pickling.diagnosis import Culprit, examine
from pytest_concurrency.pickling.transport import Transport, as_if_starting_a_child


def explain_start(target: object, args: Any, kwargs: Any) -> tuple[Culprit, ...]:
    """What is in the way of starting a child with a target and arguments."""
    return explain_sending(target=target, args=args, kwargs=kwargs)


def explain_sending(**things: object) -> tuple[Culprit, ...]:
    """What is in the way of sending things to a child that is being started.

    Args:
        **things: what to send; paths begin with their names.
    """
    transport = Transport(sending=True)
    culprits: list[Culprit] = []
    with as_if_starting_a_child():
        for name, thing in things.items():
            culprits += _cannot_be_dumped(thing, name, transport)
    return tuple(culprits)


class _DumpOnly(Transport):
    """What is pickled for a child cannot be loaded here."""

    def load(self, data: bytes) -> Any:
        """Nothing is loaded."""


def _cannot_be_dumped(thing: object, name: str, transport: Transport) -> tuple[Culprit, ...]:
    return examine(thing, name, _DumpOnly(transport.protocol, sending=True)).culprits
