"""Which instrumentation this Python gets."""

from __future__ import annotations

import sys
from collections.abc import Callable

from pytest_concurrency.race.points.operations import Operation
from pytest_concurrency.race.points.scope import Scope
from pytest_concurrency.race.points.table import Points

__all__ = ["points_for"]


def points_for(scope: Scope, reach: Callable[[Operation], None]) -> Points:
    """Makes the instrumentation for this Python.

    Args:
        scope: Tells the user's code from other code.
        reach: Called before each visible operation, in the thread that comes to it.
    """
    if sys.version_info >= (3, 12):
        from pytest_concurrency.race.points.monitoring import MonitoringPoints

        return MonitoringPoints(scope, reach)
    from pytest_concurrency.race.points.settrace import SettracePoints

    return SettracePoints(scope, reach)
