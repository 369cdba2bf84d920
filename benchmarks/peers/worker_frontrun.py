"""frontrun 0.7.0.

Ways: its strategies, `random` or `dpor`, and its clocks, `real`, `virtual` or `explored`.
"""

from __future__ import annotations

import time
from typing import Any

import frontrun

from peers.protocol import Answer, Counted, Request, serve

FEWEST_STEPS = 300  # its default
STEPS_OF_AN_ACTOR = 100  # it gives up on 50 actors with the default, and asks for more


def search(request: Request) -> Answer:
    """Explores the actors as they are, again from the start while a measurement is not over.

    Input and output is not watched, which no program does and which makes it faster, and what it
    finds is not replayed ten times. DPOR ends by itself and has no seed.
    """
    program = Counted(request)
    strategy, clock = request.way.split()
    start = time.perf_counter()
    while True:
        left = request.runs - program.runs
        limits: dict[str, Any] = {"max_executions": left}
        if strategy == "random":
            limits = {
                "max_attempts": left,
                "max_ops": max(FEWEST_STEPS, STEPS_OF_AN_ACTOR * len(program.actors)),
                "seed": request.seed + program.runs,
            }
        try:
            result = frontrun.explore(
                setup=program.setup,
                workers=list(program.actors),
                invariant=program.check,
                strategy=strategy,
                clock=clock,
                detect_io=False,
                reproduce_on_failure=0,
                total_timeout=request.seconds - (time.perf_counter() - start),
                **limits,
            )
        except frontrun.FrontrunInternalError as error:
            return program.given_up(start, str(error))
        except Exception:  # what an actor raised, which DPOR lets through
            return program.answer(start, "exception")
        if result.property_holds is not True or not request.through:
            break
        if time.perf_counter() - start >= request.seconds or program.runs >= request.runs:
            break
    if result.property_holds:
        return program.answer(start)
    if result.property_holds is None:
        return program.given_up(start, result.inconclusive_reason)
    said = result.explanation or ""
    if said.startswith("Deadlock"):
        return program.answer(start, "deadlock")
    return program.answer(start, "exception" if said.startswith("Worker crash") else "check")


if __name__ == "__main__":
    serve(search)
