"""The random number of a unit, which is the same on every host and at every time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import accumulate

# separates parts that cannot contain it, so that no two lists of parts give the same text
SEPARATOR = "\x1f"
# as many bits as a float represents exactly, so that 1 is never reached
BITS = 53


def position(*parts: str) -> float:
    """Return a number in [0, 1) that is uniform and independent for each list of parts.

    For the variant of a unit, the parts are the seed and the key of the experiment, and the key of
    the unit. Published with the API, so that a platform can compute it itself: SHA-256 of the
    parts in UTF-8, joined by U+001F; the first 53 bits, divided by 2⁵³.
    """
    digest = sha256(SEPARATOR.join(parts).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - BITS)) / float(2**BITS)


def bounds(weights: Iterable[float]) -> list[float]:
    """Return the upper ends of the variants' parts of [0, 1), in their order."""
    return [*accumulate(weights)]


def bucket(at: float, ends: Sequence[float]) -> int:
    """Return the index of the variant whose part contains a position."""
    # the last end may be a little less than 1 because of rounding
    return min(bisect_right(ends, at), len(ends) - 1)
