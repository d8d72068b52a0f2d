"""The sums of one variant's units, and the moments that follow from them. No Django here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

# sums of floats differ from whole numbers, and from each other, by rounding
ROUNDING = 1e-9
# a variance below this share of the mean square is the rounding of equal values
NO_VARIANCE = 1e-12


class Kind(StrEnum):
    """What is compared: Σy ÷ Σx (share, ratio), or Σy ÷ n, such as revenue per learner (mean)."""

    SHARE = "share"
    MEAN = "mean"
    RATIO = "ratio"


@dataclass(frozen=True)
class BeforeSums:
    """Sums of the same units before the exposure: totals y0, weights x0, and all products."""

    y0: float
    x0: float
    y0y0: float
    x0x0: float
    x0y0: float
    yy0: float
    yx0: float
    xy0: float
    xx0: float

    def __add__(self, other: BeforeSums) -> BeforeSums:
        return BeforeSums(*(one + two for one, two in zip(_row(self), _row(other), strict=True)))


@dataclass(frozen=True)
class ArmSums:
    """Sums over all n units of a variant: of totals y, weights x and their products.

    A unit without rows has y = x = 0, so that nobody is dropped (intention to treat).
    `without_rows` is the number of these units: they say nothing about a ratio, so they do not
    make its variance better known.
    """

    n: int
    y: float
    x: float
    yy: float
    xx: float
    xy: float
    before: BeforeSums | None = None
    without_rows: int = 0

    def __add__(self, other: ArmSums) -> ArmSums:
        before = self.before + other.before if self.before and other.before else None
        return ArmSums(
            self.n + other.n,
            self.y + other.y,
            self.x + other.x,
            self.yy + other.yy,
            self.xx + other.xx,
            self.xy + other.xy,
            before,
            self.without_rows + other.without_rows,
        )

    @property
    def is_binary(self) -> bool:
        """True if each unit is a success (1 of 1), a failure (0 of 1), or has no rows (0 of 0).

        Weights are whole numbers, and totals whole numbers or shares: so Σx² = Σx and
        Σy² = Σxy = Σy hold only then.
        """
        return (
            _is_equal(self.xx, self.x)
            and _is_equal(self.yy, self.y)
            and _is_equal(self.xy, self.y)
            and _is_equal(self.x, round(self.x))
            and _is_equal(self.y, round(self.y))
            and 0 <= round(self.y) <= round(self.x) <= self.n
        )

    @property
    def per_unit(self) -> ArmSums:
        """The same totals, with a weight of 1 for each unit: Σy ÷ Σx is then the mean."""
        before = self.before and replace(
            self.before,
            x0=self.n,
            x0x0=self.n,
            x0y0=self.before.y0,
            yx0=self.y,
            xy0=self.before.y0,
            xx0=self.n,
        )
        return ArmSums(self.n, self.y, self.n, self.yy, self.n, self.y, before)

    @property
    def value(self) -> float | None:
        """Σy ÷ Σx; None if Σx is not positive."""
        return self.y / self.x if self.x > 0 else None

    @property
    def with_rows(self) -> int:
        return self.n - self.without_rows


def _row(sums: BeforeSums) -> tuple[float, ...]:
    return (
        sums.y0,
        sums.x0,
        sums.y0y0,
        sums.x0x0,
        sums.x0y0,
        sums.yy0,
        sums.yx0,
        sums.xy0,
        sums.xx0,
    )


def _is_equal(one: float, other: float) -> bool:
    return abs(one - other) <= ROUNDING * abs(other)
