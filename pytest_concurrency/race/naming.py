"""What a failing run is called, and which of its steps are the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Diagnosis"]


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong in a run.

    Attributes:
        name: Such as `lost update`, `deadlock` or, where no pattern shows, `a race`.
        text: What happened, in one to four plain sentences.
        notes: What each step of the conflict has to do with it, by its index.
    """

    name: str
    text: str
    notes: Mapping[int, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[int, ...]:
        """The indices of the steps that make the conflict, in order."""
        return tuple(sorted(self.notes))
