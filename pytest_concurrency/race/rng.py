"""Random numbers as a function of (seed, run, step): the same on every Python and in every process.

Every worker can compute any decision alone, and no generator has a state to save or to share.
"""

from __future__ import annotations

__all__ = ["Stream"]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def _mixed(value: int) -> int:
    """Spreads the bits of a number; the finalizer of SplitMix64 (Steele, Lea, Flood 2014)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class Stream:
    """The random numbers of one run.

    Args:
        seed: Any number of up to 64 bits.
        run: The number of the run.
        salt: Tells apart the streams of one run.
    """

    __slots__ = ("_key",)

    def __init__(self, seed: int, run: int, salt: int = 0) -> None:
        key = _mixed((seed * _GOLDEN + run + 1) & _MASK)
        self._key = _mixed((key + (salt + 1) * _GOLDEN) & _MASK)

    def bits(self, step: int) -> int:
        """Returns 64 random bits for a step of the run."""
        value = (self._key + step * _GOLDEN) & _MASK
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
        return value ^ (value >> 31)

    def below(self, bound: int, step: int) -> int:
        """Returns a number from 0 to `bound` - 1; uneven by less than `bound` / 2**64."""
        return (self.bits(step) * bound) >> 64
