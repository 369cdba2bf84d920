"""The visible operations of all code seen so far, shared by both instrumentations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Protocol

from pytest_concurrency.race.points.names import Names
from pytest_concurrency.race.points.operations import Operation, find_operations
from pytest_concurrency.race.points.scope import Scope

__all__ = ["OperationTable", "Points", "is_plain", "table_of"]


class Points(Protocol):
    """An instrumentation: tells before each visible operation that it comes next."""

    table: OperationTable

    def start(self) -> None:
        """Begins to watch; undone by `stop`."""

    def stop(self) -> None:
        """Ends watching and leaves nothing behind."""

    def call(self, reach: Callable[[Operation], None]) -> None:
        """Calls another function before each visible operation from now on."""

    def passed_switch(self) -> bool:
        """Tells whether this interpreter could have switched threads since this was asked last.

        Asked by the thread that comes to a visible operation. Points that are not natural say yes.
        """

    def step_aside(self, aside: bool) -> bool:
        """Lets another tool trace the actors for a run, if both cannot; tells whether it does."""

    def watch_thread(self) -> None:
        """Watches the calling thread; called in each thread of an actor before each run."""

    def watch_at_once(self) -> None:
        """Watches the calling thread from the middle of what it does."""

    def refresh(self) -> None:
        """Takes up what was learned during a run; called between runs."""


class OperationTable:
    """Operations by code and offset; the code objects are kept alive, so `id` names them.

    Code objects themselves are slow keys: their hash is computed from all of their parts each time.

    Args:
        scope: Tells the user's code from other code.

    Attributes:
        on_namespace: Called with the globals of code that is about to run for the first time.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.on_namespace: Callable[[Mapping[str, object]], object] = id
        self.operations: dict[int, dict[int, Operation]] = {}
        self._names = Names()
        self._codes: dict[int, tuple[CodeType, Mapping[str, object]]] = {}
        self._found_with: dict[int, int] = {}

    def add(self, code: CodeType, namespace: Mapping[str, object]) -> dict[int, Operation]:
        """Finds the operations of code that is about to run."""
        self.on_namespace(namespace)
        self._names.learn(code, namespace, self.scope)
        # What is about to run is found with all that is known now.
        self._codes[id(code)] = (code, namespace)
        self._found_with[id(code)] = self._names.version
        found = find_operations(code, namespace, self._names, self.scope)
        return self.operations.setdefault(id(code), found)

    def known(self, code: CodeType, namespace: Mapping[str, object]) -> dict[int, Operation]:
        """Returns the operations of code that is about to run, found now if need be."""
        found = self.operations.get(id(code))
        return self.add(code, namespace) if found is None else found

    def namespaces(self) -> list[Mapping[str, object]]:
        """Returns the globals of the code added so far."""
        return list({id(each): each for _, each in self._codes.values()}.values())

    @property
    def any_name(self) -> bool:
        """Whether some code can get at any attribute, by the dictionary of its object."""
        return self._names.any_name

    def owner_of(self, code: CodeType) -> CodeType:
        """Returns the function that code belongs to: of a comprehension, the one it stands in."""
        return self._names.owner_of(code)

    def codes(self) -> list[CodeType]:
        """Returns the code objects added so far."""
        return [code for code, _ in self._codes.values()]

    def update(self) -> bool:
        """Finds the operations again if names turned out to be stored; tells whether it did."""
        version = self._names.version
        late = [key for key, found_with in self._found_with.items() if found_with != version]
        for key in late:
            self._found_with[key] = version
            code, namespace = self._codes[key]
            known = self.operations[key]
            for offset, found in find_operations(code, namespace, self._names, self.scope).items():
                known.setdefault(offset, found)
        return bool(late)


def table_of(scope: Scope) -> OperationTable:
    """Returns the table of a scope: what one search has learned, the next one knows."""
    if not isinstance(scope.table, OperationTable):
        scope.table = OperationTable(scope)
    return scope.table


def is_plain(operation: Operation, frame: FrameType) -> bool:
    """Tells whether the local that an operation works in place on is a number or a text.

    Those have nothing in place that another actor could observe.
    """
    return isinstance(frame.f_locals.get(operation.local or ""), (int, float, complex, str, bytes))
