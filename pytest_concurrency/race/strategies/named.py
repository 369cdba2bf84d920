"""The strategies by the names that users give."""

from __future__ import annotations

from collections.abc import Callable

from pytest_concurrency.errors import message
from pytest_concurrency.race.strategies.pct import PCT
from pytest_concurrency.race.strategies.portfolio import Portfolio
from pytest_concurrency.race.strategies.pos import POS
from pytest_concurrency.race.strategies.protocol import Strategy
from pytest_concurrency.race.strategies.surw import SURW
from pytest_concurrency.race.strategies.urw import URW
from pytest_concurrency.race.strategies.walk import RandomWalk

__all__ = ["NAMES", "checked_name", "strategy_named"]

_DEPTH = 3
_MAKERS: dict[str, Callable[[int, int | None], Strategy]] = {
    "portfolio": Portfolio,
    "random": lambda seed, depth: RandomWalk(seed),
    "pct": lambda seed, depth: PCT(seed, depth or _DEPTH),
    "pos": lambda seed, depth: POS(seed),
    "urw": lambda seed, depth: URW(seed),
    "surw": lambda seed, depth: SURW(seed, "subject"),
}
NAMES = (*_MAKERS, "exhaustive", "stress")


def strategy_named(name: str, seed: int, depth: int | None) -> Strategy:
    """Makes a strategy that samples.

    Args:
        name: One of `NAMES`, but not "exhaustive" or "stress".
        seed: Of its random numbers.
        depth: That of the bugs asked for.
    """
    return _MAKERS[name](seed, depth)


def checked_name(name: str) -> str:
    """Returns the name of a strategy.

    Raises:
        ValueError: There is none of that name.
    """
    __tracebackhide__ = True
    if name in NAMES:
        return name
    raise ValueError(
        message(
            f"there is no strategy {name!r}",
            evidence=f"available: {', '.join(NAMES)}",
            next_step="leave `strategy` out: small programs are enumerated, others sampled",
        )
    )
