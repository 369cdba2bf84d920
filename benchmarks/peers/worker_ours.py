"""pytest_concurrency itself, from this checkout.

Ways: the strategies by name, or `default`.
"""

from __future__ import annotations

import time
from typing import Any

from peers.protocol import Answer, Counted, Request, serve
from pytest_concurrency import Race


def search(request: Request) -> Answer:
    """Races the actors as they are.

    The finding comes shrunk, replayed and told as a story; `to_first` leaves that out.
    """
    program = Counted(request)
    strategy: dict[str, Any] = {} if request.way == "default" else {"strategy": request.way}
    start = time.perf_counter()
    race = Race(seed=request.seed, runs=request.runs, budget=request.seconds, **strategy)
    result = race.threads(
        *program.actors, setup=program.setup, check=program.check, raise_on_finding=False
    )
    if result.finding is None:
        return program.answer(start)
    return program.answer(start, result.finding.name, result.finding.found_after)


if __name__ == "__main__":
    serve(search)
