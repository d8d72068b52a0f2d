"""A job: what to recompute of one KPI."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from kpis.aggregation.grouped_sums import NOBODY
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.recompute.compute_cells import PeriodCourses, Wanted


@dataclass(frozen=True)
class Job:
    """One KPI in some periods, in the courses of each.

    Where courses change, the site changes with them, unless the job `leaves_site`: then the site
    is only marked stale. In `site_periods`, the site is computed in any case, and if the job
    `is_complete` in all periods. `row_ids` are the stale periods to remove once its figures are
    stored.
    """

    indicator: Indicator
    periods: PeriodCourses
    is_complete: bool = False
    leaves_site: bool = False
    site_periods: Sequence[Period] = ()
    row_ids: Collection[int] = ()

    @cached_property
    def courses(self) -> frozenset[int]:
        return NOBODY.union(*(ids for _, ids in self.periods))

    @property
    def all_periods(self) -> list[Period]:
        return [*(period for period, _ in self.periods), *self.site_periods]

    @property
    def wanted(self) -> Wanted:
        """Return what is to be computed from facts."""
        of_site = () if self.indicator.is_additive else ((one, NOBODY) for one in self.site_periods)
        return Wanted(self.indicator, [*self.periods, *of_site])
