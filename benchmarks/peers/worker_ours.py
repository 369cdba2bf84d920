"""pytest_concurrency itself, from this checkout.

Ways: the strategies by name, or `default`.
"""

from __future__ import annotations

import time

from peers.protocol import Answer, Counted, Request, serve
from pytest_concurrency import NotDeterministic, Race


def search(request: Request) -> Answer:
    """Races the actors as they are.

    The finding comes shortened, replayed and told as a story; `to_first` leaves that out.
    """
    program = Counted(request)
    strategy = None if request.way == "default" else request.way
    race = Race(seed=request.seed, runs=request.runs, budget=request.seconds, strategy=strategy)
    start = time.perf_counter()
    try:
        result = race.threads(
            *program.actors, setup=program.setup, check=program.check, raise_on_finding=False
        )
    except NotDeterministic as error:
        return program.given_up(start, str(error))
    if result.finding is None:
        return program.answer(start)
    return program.answer(start, result.finding.name, result.runs)


if __name__ == "__main__":
    serve(search)
