"""Measure the effect of a change, and whether a guard KPI has worsened since."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, isinf
from typing import Protocol

from django.conf import settings

from alerts.models import Alert
from core import reporting_clock
from curriculum.models import Parameter, ParameterChange
from improvement.effects import results
from improvement.effects.alike import NOBODY, alike
from improvement.effects.changed_scope import changed_scope
from improvement.effects.controls import Controls, controls_of
from improvement.effects.figures import (
    WindowReader,
    WindowValue,
    counts_by_sign_up,
    indicator_of,
    is_measurable,
)
from improvement.effects.results import EffectResult, GuardResult, WindowFigures
from improvement.effects.selection import NOT_SELECTED, FiredPeriod, Selection, selection_of
from improvement.effects.windows import Windows, windows
from kpis.aggregation.weights_by_period import weights_by_period
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.query.valuation import scale_of
from kpis.statistics.effects import Effect, Moved, effect, moved
from kpis.statistics.estimates import AnyEstimate
from kpis.statistics.intervals import Z95
from kpis.statistics.significance import ONE_SIDED

# more observations than this are not worth naming
MOST_NEEDED = 1_000_000


class Measured(Protocol):
    """A change to measure, such as an Adjustment, by the alert that led to it, if one did."""

    @property
    def kpi(self) -> str: ...
    @property
    def alert(self) -> Alert | None: ...
    @property
    def change(self) -> ParameterChange: ...
    @property
    def applies_from(self) -> datetime | None: ...
    @property
    def watch_until(self) -> datetime | None: ...


def measure(adjustment: Measured, now: datetime) -> EffectResult:
    """Compare the KPI before and after the change; see docs/effects.md.

    Reads only, so it may be repeated: late data change the result as they change the KPI.
    """
    indicator = indicator_of(adjustment.kpi)
    if indicator is None or not is_measurable(indicator):
        return EffectResult(kpi=adjustment.kpi, outcome=results.NOT_MEASURABLE)
    compared = _Comparison.of(adjustment, indicator, now)
    if compared is None:
        return EffectResult(kpi=adjustment.kpi, outcome=results.TOO_FEW)
    if not compared.windows.after.is_closed(now, reporting_clock.close_lag()):
        return EffectResult(kpi=adjustment.kpi, outcome=results.TOO_EARLY)
    return compared.result(adjustment.alert, now)


def guard_worsened(adjustment: Measured, kpi: str, now: datetime, looks: int) -> GuardResult:
    """Compare a guard KPI before the change with all whole days since, in one of several looks.

    By Bonferroni, all `looks` together find a worsening by chance in at most 2.5% of all cases.
    """
    limit = ONE_SIDED / max(looks, 1)
    unknown = GuardResult(kpi=kpi, limit=limit)
    indicator = indicator_of(kpi)
    if indicator is None or not is_measurable(indicator):
        return unknown
    compared = _Comparison.of(adjustment, indicator, now, until_now=True)
    return unknown if compared is None else compared.guard(unknown)


@dataclass(frozen=True)
class _Comparison:
    """What is compared: the windows, the scope, and the periods that an alert selected."""

    indicator: Indicator
    windows: Windows
    scope: Scope
    selection: Selection
    reader: WindowReader

    @classmethod
    def of(
        cls, adjustment: Measured, indicator: Indicator, now: datetime, *, until_now: bool = False
    ) -> _Comparison | None:
        change = adjustment.change
        begins, until = adjustment.applies_from or change.applies_from, adjustment.watch_until
        if until is None:
            return None
        alert = adjustment.alert
        fired = NOT_SELECTED
        if alert is not None:
            decided_at = change.decided_at or begins
            fired = selection_of(alert, alert.rule.kpi, min(decided_at, begins), now)
        by_sign_up = change.parameter.applies_to == Parameter.AppliesTo.SIGN_UPS
        by_sign_up = by_sign_up and counts_by_sign_up(indicator)
        zone = reporting_clock.reporting_zone()
        found = windows(begins, until, zone, since=fired.since, same_length=by_sign_up)
        if found is None:
            return None
        if until_now:
            last = min(found.after.after, local_day(now, zone))
            if last <= found.after.first:
                return None
            found = replace(found, after=replace(found.after, after=last))
        selection = fired if alert is not None and alert.rule.kpi == indicator.key else NOT_SELECTED
        reader = WindowReader(indicator, found.after, by_sign_up=by_sign_up)
        return cls(
            indicator, found, changed_scope(alert, change.parameter, indicator), selection, reader
        )

    def result(self, alert: Alert | None, now: datetime) -> EffectResult:
        before, after = self._values()
        figures = EffectResult(
            kpi=self.indicator.key,
            outcome=results.TOO_FEW,
            before=_figures(self.windows.before, before),
            after=_figures(self.windows.after, after),
            by_sign_up=self.reader.by_sign_up,
            is_small=_is_small(before, after),
        )
        change = self._estimates(before, after)
        if change is None:
            return figures
        controls = controls_of(self.reader, self.windows, self.scope)
        fired = self._overlapping()
        shares = self._shares(fired, before)
        found = effect(
            *change,
            [
                one.selected(share, _between(one, figures))
                for one, share in zip(fired, shares, strict=True)
            ],
            controls=controls.comparable,
            fired_below=self.selection.sign > 0,
        )
        figures = self._with_controls(self._with_effect(figures, found, moved(*change)), controls)
        same = alike(alert, self.windows.after.days, now) if fired else NOBODY
        return replace(
            figures,
            observed=change[1].value - change[0].value,
            fired=len(fired),
            alike=same.number,
            alike_change=same.change,
        )

    def guard(self, unknown: GuardResult) -> GuardResult:
        before, after = self._values()
        known = replace(
            unknown,
            n_before=before.n,
            n_after=after.n,
            is_small=_is_small(before, after),
        )
        change = self._estimates(before, after)
        if change is None:
            return known
        controls = controls_of(self.reader, self.windows, self.scope)
        found = effect(*change, controls=controls.comparable)
        p_value = found.at_most if self.indicator.higher_is_better else found.at_least
        low, high = self._limited(found)
        return replace(
            known,
            change=found.value,
            low=low,
            high=high,
            p_value=p_value,
            has_worsened=p_value <= unknown.limit,
        )

    def _values(self) -> tuple[WindowValue, WindowValue]:
        read = self.reader.value
        return read(self.windows.before, self.scope), read(self.windows.after, self.scope)

    def _estimates(
        self, before: WindowValue, after: WindowValue
    ) -> tuple[AnyEstimate, AnyEstimate] | None:
        """Return both values; None if there are too few observations."""
        if not (before.suffices(self.indicator) and after.suffices(self.indicator)):
            return None
        if before.estimate is None or after.estimate is None:
            return None
        return before.estimate, after.estimate

    def _overlapping(self) -> list[FiredPeriod]:
        window = self.windows.before
        return [
            one
            for one in self.selection.periods
            if one.period.first < window.after and one.period.after > window.first
        ]

    def _shares(self, fired: Sequence[FiredPeriod], before: WindowValue) -> list[float]:
        """Return the share of the weight of the window before in each period."""
        window = self.windows.before
        periods = [one.period for one in fired]
        if self.indicator.parts:
            return [_common_days(window, one) / window.days for one in periods]
        scope = self.reader.scope_in(window, self.scope)
        weights = weights_by_period(self.indicator, window, periods, scope)
        return [weight / before.weight for weight in weights]

    def _with_effect(self, figures: EffectResult, found: Effect, change: Moved) -> EffectResult:
        low, high = self._limited(found)
        good = found.sign if self.indicator.higher_is_better else -found.sign
        outcome = {1: results.IMPROVED, -1: results.WORSENED, 0: results.UNCERTAIN}[good]
        needed = None if good else _needed(figures, change)
        return replace(
            figures,
            outcome=outcome,
            value=self._within(found.value),
            low=low,
            high=high,
            needed=needed,
        )

    def _with_controls(self, figures: EffectResult, controls: Controls) -> EffectResult:
        comparable = controls.comparable
        if comparable is None:
            return figures
        return replace(
            figures,
            controls=comparable.number,
            controls_change=comparable.value,
            control_unit=controls.unit,
        )

    def _limited(self, found: Effect) -> tuple[float | None, float | None]:
        low, high = (self._within(one) for one in found.interval)
        return low, high

    def _within(self, change: float) -> float | None:
        """Return a change within those that are possible; None if it has no bound."""
        scale = scale_of(self.indicator)
        width = scale.most - scale.least if scale else inf
        limited = max(min(change, width), -width)
        return None if isinf(limited) else limited


def _common_days(one: Period, other: Period) -> int:
    return max((min(one.after, other.after) - max(one.first, other.first)).days, 0)


def _figures(window: Period, found: WindowValue) -> WindowFigures:
    return WindowFigures(
        first=window.first.isoformat(),
        after=window.after.isoformat(),
        value=found.estimate.value if found.estimate else None,
        n=found.n,
        learners=found.learners,
    )


def _is_small(*values: WindowValue) -> bool:
    return any(0 < one.learners < settings.KPI_MIN_GROUP for one in values)


def _between(one: FiredPeriod, figures: EffectResult) -> float:
    """Return a number from 0 to 1 that is as good as drawn: the same for the same figures."""
    drawn = random.Random(f"{one.period.first} {figures.before} {figures.after}")  # noqa: S311
    return drawn.random()


def _needed(figures: EffectResult, change: Moved) -> int | None:
    """Return how many observations would make a difference of this size significant."""
    if not change.value or figures.before is None or figures.after is None:
        return None
    n = 2 / (1 / figures.before.n + 1 / figures.after.n)
    needed = n * Z95**2 * change.variance / change.value**2
    return round(needed) if n < needed <= MOST_NEEDED else None
