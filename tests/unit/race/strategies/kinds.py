"""The strategies under test, by name."""

from __future__ import annotations

from collections.abc import Callable

from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.portfolio import Portfolio
from pytest_concurrency.race.strategies.pos import POS
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.strategies.surw import SURW
from pytest_concurrency.race.strategies.urw import URW
from pytest_concurrency.race.strategies.walk import RandomWalk

Make = Callable[[int], Strategy]

KINDS: dict[str, Make] = {
    "walk": RandomWalk,
    "PCT(6)": lambda seed: PCT(seed, 6),
    "POS": POS,
    "URW": URW,
    "SURW(subject)": lambda seed: SURW(seed, "subject"),
    "SURW(locks)": lambda seed: SURW(seed, "locks"),
    "portfolio": Portfolio,
}
