"""Reproducible random numbers and choices."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
TOLERANCE = 0.004  # too small to be visible in a rounded percentage


def seeded_random(*words: object) -> Random:
    """A random generator whose seed is made of these words."""
    return Random("/".join(str(word) for word in words))  # noqa: S311 - nothing here is secret


def choose(items: Sequence[T], share: float, rank: Callable[[T], float]) -> list[T]:
    """Choose exactly that share of the items, those with the highest rank first."""
    return sorted(items, key=rank, reverse=True)[: round(share * len(items))]


def group_size_for(count: int, *shares: float) -> int:
    """The largest size up to `count` at which whole numbers give nearly these shares."""
    sizes = range(count, count * 4 // 5, -1)
    return next((size for size in sizes if all(_is_close(share, size) for share in shares)), count)


def _is_close(share: float, size: int) -> bool:
    return abs(round(share * size) / size - share) <= TOLERANCE


def shift_to_mean(shares: Sequence[float], weights: Sequence[float], target: float) -> list[float]:
    """Shift all shares by one amount, within 0.02 to 1, so that their mean meets the target."""

    def moved(by: float) -> list[float]:
        return [min(1.0, max(0.02, share + by)) for share in shares]

    def mean(by: float) -> float:
        parts = zip(moved(by), weights, strict=True)
        return sum(share * weight for share, weight in parts) / sum(weights)

    steps = range(-1_000, 1_001)
    return moved(
        steps[min(bisect_left(steps, target, key=lambda step: mean(step / 1_000)), 2_000)] / 1_000
    )
