"""Which instrumentation this Python gets."""

from __future__ import annotations

import sys
from collections.abc import Callable

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.table import Points

__all__ = ["points_for"]


def points_for(scope: Scope, reach: Callable[[Operation], None], natural: bool = False) -> Points:
    """Makes the instrumentation for this Python.

    Args:
        scope: Tells the user's code from other code.
        reach: Called before each visible operation, in the thread that comes to it.
        natural: Whether `passed_switch` shall tell where this interpreter could switch threads,
            which costs time in all code.
    """
    if sys.version_info >= (3, 12):
        from pytest_concurrency.race.points import monitoring

        made = monitoring.NaturalMonitoringPoints if natural else monitoring.MonitoringPoints
        return made(scope, reach)
    from pytest_concurrency.race.points import settrace

    return (settrace.NaturalSettracePoints if natural else settrace.SettracePoints)(scope, reach)
