"""What is stored of a measured effect: figures and dates, never sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

IMPROVED, WORSENED, UNCERTAIN = "improved", "worsened", "uncertain"
TOO_FEW, NOT_MEASURABLE, TOO_EARLY = "too_few", "not_measurable", "too_early"

# the mean of fewer is not named: a reader could work back to a course that others see
FEWEST_NAMED = 3


class Stored:
    """Figures that are kept as JSON; those of a later version are ignored."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True, kw_only=True)
class WindowFigures(Stored):
    """The days `[first, after)` of one window, as ISO dates, and what was observed in them."""

    first: str
    after: str
    value: float | None = None
    n: int = 0
    learners: int = 0


@dataclass(frozen=True, kw_only=True)
class EffectResult(Stored):
    """The effect of a change on a KPI; shares and their differences are 0–1, as in the code.

    `value` and `low` to `high` are the effect and its 95% interval; an end that is None is open.
    `observed` is after minus before. `fired` is the number of periods that an alert selected and
    `controls` that of the unchanged courses or modules, which changed by `controls_change`.
    `alike` alerts after which nothing was changed were followed by a mean change of
    `alike_change`. `needed` is about how many observations would be needed before and after.
    """

    kpi: str
    outcome: str
    before: WindowFigures | None = None
    after: WindowFigures | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    observed: float | None = None
    fired: int = 0
    controls: int = 0
    controls_change: float | None = None
    alike: int = 0
    alike_change: float | None = None
    needed: int | None = None
    by_sign_up: bool = False
    is_small: bool = False
    control_unit: str = "course"

    @property
    def is_known(self) -> bool:
        """Return whether there is an interval."""
        return self.outcome in (IMPROVED, WORSENED, UNCERTAIN)

    @property
    def names_controls(self) -> bool:
        """Return whether the mean change of the unchanged courses or modules may be shown."""
        return self.controls >= FEWEST_NAMED and self.controls_change is not None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EffectResult:
        windows = {
            name: WindowFigures.from_json(stored[name])
            for name in ("before", "after")
            if stored.get(name)
        }
        return super().from_json({**stored, **windows})


@dataclass(frozen=True, kw_only=True)
class GuardResult(Stored):
    """Whether a guard KPI is significantly worse since a change, in one of several looks.

    `change` is that of the KPI (of shares: 0–1), and None if it cannot be said yet. `p_value` is
    one-sided and significant up to `limit`.
    """

    kpi: str
    has_worsened: bool = False
    change: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    limit: float = 0.025
    n_before: int = 0
    n_after: int = 0
    is_small: bool = False
