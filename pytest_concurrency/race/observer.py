"""Looks at what an operation is about, in the frame that has come to it, before and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from pytest_concurrency.race.actors import Actor
from pytest_concurrency.race.labels import CONTAINERS, SIMPLE, Labels
from pytest_concurrency.race.points.operands import Source
from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.values import UNKNOWN, attribute_of, item_of, value_of

__all__ = ["NOTHING", "Observed", "Observer"]


class Observed(NamedTuple):
    """What an operation is about.

    Args:
        label: Its name.
        value: What is there, as a short text; empty if that is not known.
        look: Returns what is there, whenever it is called; None if that cannot be told.
        subject: The object that is operated on.
    """

    label: str
    value: str
    look: Callable[[], Any] | None
    subject: Any


NOTHING = Observed("", "", None, UNKNOWN)


class Observer:
    """Looks at operations of one run.

    Args:
        labels: The names of objects.
    """

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    def attribute(self, owner: Any, name: str) -> Any:
        """Returns an attribute without running code of the user's; `UNKNOWN` if that cannot be."""
        return attribute_of(owner, name)

    def value(self, source: Source | None, frame: FrameType) -> Any:
        """Returns what a source stands for in a frame; `UNKNOWN` if that cannot be told."""
        return value_of(source, frame)

    def has_items(self, value: Any) -> bool:
        """Tells whether an object is a container at which one can look."""
        return type(value) in CONTAINERS

    def item(self, container: Any, key: Any) -> Any:
        """Returns an item of a container; `UNKNOWN` if there is none."""
        return item_of(container, key)

    def content(self, container: Any) -> Any:
        """Returns what a container holds, as something that has a text."""
        return container

    def observe(self, operation: Operation, frame: FrameType, entered: Any) -> Observed:
        """Looks at what an operation is about.

        Args:
            operation: What comes next.
            frame: The frame that has come to it.
            entered: For the end of a `with`: what was entered.
        """
        names, source, kind = self.labels, operation.operand, operation.kind
        if kind in ("enter", "exit"):
            return Observed(names.of_source(source, frame, entered), "", None, entered)
        owner = self.value(source, frame)
        if kind in ("read", "write", "delete"):
            if source is not None and source.how == "global" and source.name == operation.name:
                return self._variable(source, frame)
            if owner is UNKNOWN:
                return Observed(operation.name, "", None, UNKNOWN)

            def look() -> Any:
                return self.attribute(owner, operation.name)

            label = f"{names.of_source(source, frame, owner)}.{operation.name}"
            text = names.text_of(look())
            return Observed(label, "" if text == label else text, look, owner)
        label = names.of_source(source, frame, owner)
        if kind == "call" and source is not None and source.name == operation.name:
            return Observed("", "", None, UNKNOWN)
        if not self.has_items(owner):
            return Observed(label or operation.subject.strip("()[]"), "", None, owner)
        key = self.value(operation.key, frame)
        if key is not UNKNOWN and type(key) in SIMPLE:

            def look_at_item() -> Any:
                return self.item(owner, key)

            text = names.text_of(look_at_item())
            return Observed(f"{label}[{key!r}]", text, look_at_item, owner)

        def look_at_all() -> Any:
            return self.content(owner)

        text = names.text_of(look_at_all())
        return Observed(label, "" if text == label else text, look_at_all, owner)

    def _variable(self, source: Source, frame: FrameType) -> Observed:
        def look() -> Any:
            return value_of(source, frame)

        label = self.labels.of_variable(source.name)
        return Observed(label, self.labels.text_of(look()), look, UNKNOWN)

    def wait_label(self, operation: Operation, label: str, resource: object) -> str:
        """Names what an actor waits for.

        Args:
            operation: In which it waits.
            label: Of what that operates on.
            resource: What it waits for inside of that.
        """
        label = self.labels.of_resource(resource) or label
        is_named = operation.name == "acquire" or label.endswith(")")
        if operation.kind != "call" or is_named or isinstance(resource, Actor):
            return label
        return f"{label}.{operation.name}()" if label else f"{operation.name}()"

    def lock_word(self, operation: Operation, subject: Any) -> str:
        """Tells what an operation does with a lock: "takes", "releases", or nothing."""
        if not self.labels.is_lock(subject):
            return ""
        if operation.kind == "enter" or operation.name == "acquire":
            return "takes"
        if operation.kind == "exit" or operation.name == "release":
            return "releases"
        return ""
