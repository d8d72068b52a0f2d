"""The trend of quiz results. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 4


@dataclass(frozen=True)
class Trend:
    """The means of the latest results and of as many before them, from 0 to 1."""

    count: int
    latest: float
    before: float

    @property
    def change(self) -> float:
        return self.latest - self.before


def trend(scores: Sequence[float]) -> Trend | None:
    """Compare the latest results, at most 5, with as many before; None for less than four.

    The scores are in the order in which they were earned.
    """
    if len(scores) < FEWEST:
        return None
    count = min(5, len(scores) // 2)
    latest, before = scores[-count:], scores[-2 * count : -count]
    return Trend(count, sum(latest) / count, sum(before) / count)
