"""pytest_concurrency itself, from this checkout.

Ways: the strategies by name, or `default`.
"""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

from peers.protocol import Answer, Request, serve, shape_of
from pytest_concurrency import NotDeterministic, Race
from pytest_concurrency.race import detector, finding


def search(request: Request) -> Answer:
    """Races the actors as they are.

    The finding comes replayed, shortened and told as a story. The peers do none of this, so the
    time is also taken when the search is over and all that begins; no result tells it.
    """
    setup, actors, check = shape_of(request.program)
    found_at: list[float] = []
    shortened = finding.shortened

    def noting(*arguments: Any) -> Any:
        found_at.append(time.perf_counter())
        return shortened(*arguments)

    strategy = None if request.way == "default" else request.way
    race = Race(seed=request.seed, runs=request.runs, budget=request.seconds, strategy=strategy)
    start = time.perf_counter()
    try:
        with mock.patch.object(detector, "shortened", noting):
            result = race.threads(
                *actors,
                setup=setup,
                check=(lambda state: check(state) or True) if request.through else check,
                raise_on_finding=False,
            )
    except NotDeterministic as error:
        return Answer(0, time.perf_counter() - start, trouble=str(error))
    seconds = time.perf_counter() - start
    if result.finding is None:
        return Answer(result.runs, seconds)
    name, first = result.finding.name, result.runs
    return Answer(result.runs, seconds, name, first, found_at[0] - start)


if __name__ == "__main__":
    serve(search)
