"""interleave-test 0.1.0.

Ways: `opcode` or `line`, its two granularities, and `random`, `pct` or `dfs`, its strategies.
"""

from __future__ import annotations

import time

import interleave_test

from peers import protocol
from peers.protocol import Answer, CheckFailed, Counted, Request, serve

LARGEST_BATCH = 256
STRATEGIES = {
    "random": interleave_test.RandomStrategy,
    "pct": interleave_test.PCTStrategy,
    "dfs": interleave_test.DFSStrategy,
}


def search(request: Request) -> Answer:
    """Explores a model that spawns and joins the actors.

    The model itself is not traced, and `setup` and `check` run without switches, which spares the
    tool decisions that decide nothing. `explore` knows no limit of time: it is called for growing
    batches of schedules, with one strategy that keeps what it has learnt and where it is.
    """
    program = Counted(request)

    def model() -> None:
        with interleave_test.no_interleave():
            state = program.setup()
        tasks = [interleave_test.spawn(actor, state) for actor in program.actors]
        for task in tasks:
            task.join()
        with interleave_test.no_interleave():
            if not program.check(state):
                raise CheckFailed

    granularity, name = request.way.split()
    strategy = STRATEGIES[name]()
    batch = 1
    start = time.perf_counter()
    while True:
        result = interleave_test.explore(
            model,
            iterations=min(batch, request.runs - program.runs),
            seed=request.seed * 1_000_000 + program.runs,
            strategy=strategy,
            granularity=granularity,
            timeout=request.seconds,  # of one schedule
            exclude=[__file__, protocol.__file__],
            raise_on_failure=False,
        )
        failure = result.failure
        if failure is not None or result.exhausted:
            break
        if time.perf_counter() - start >= request.seconds or program.runs >= request.runs:
            break
        batch = min(2 * batch, LARGEST_BATCH)
    if failure is None:
        return program.answer(start)
    if failure.kind == "hang":
        return program.given_up(start, failure.details)
    is_check = isinstance(failure.exception, CheckFailed)
    return program.answer(start, "check" if is_check else failure.kind)


if __name__ == "__main__":
    serve(search)
