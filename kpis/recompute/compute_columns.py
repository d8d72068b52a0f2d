"""Compute the figures of KPIs from their facts, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.conf import settings

from kpis.aggregation.grouped_sums import NOBODY
from kpis.aggregation.people import Chosen, People, Whole, concatenated, numbered, summed_up
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.recompute.compute_cells import CellMaker, Wanted, makers_of
from kpis.recompute.fact_reader import Placed
from kpis.recompute.figure_columns import (
    COURSE,
    MODULE,
    RUN,
    SITE,
    Figures,
    are_in,
    of_groups,
    together,
)


@dataclass(frozen=True)
class Computed:
    """A KPI's figures, and what people contribute to its courses, if these add up to the site."""

    figures: Figures
    people: Sequence[People] = ()


def compute_columns(
    wanted: Sequence[Wanted],
    numbers: Mapping[Period, int],
    runs: Mapping[int, int],
    now: datetime,
    *,
    with_site: bool,
) -> dict[str, Computed]:
    """Return the figures of KPIs by their keys, given the numbers of periods.

    Otherwise like `compute_all`. What has no observations has no row.
    """
    makers = makers_of(ColumnMaker, wanted, numbers, runs, now, with_site=with_site)
    return {maker.indicator.key: maker.computed() for maker in makers}


class ColumnMaker(CellMaker):
    """Makes the figures of one KPI from what people contribute to it or to its components."""

    def computed(self) -> Computed:
        if not self.indicator.is_computed:
            return Computed(together(self.indicator, ()))
        found, people = self._of_courses_and_parts() if self.all_courses else ([], [])
        if self.with_site and not self.indicator.is_additive:
            sums = self._summed([part.people for part in self.facts.at("site", self.indicator)])
            course = np.zeros(len(sums.period), np.int64)
            found.append(of_groups(self.indicator, SITE, replace(sums, group=course), course))
        return Computed(together(self.indicator, found), people)

    def _of_courses_and_parts(self) -> tuple[list[Figures], list[People]]:
        """Return the figures of courses and their parts, and what people contribute to courses."""
        indicator, found = self.indicator, list[Figures]()
        of_runs = None
        if indicator.has_runs:
            parts = self.facts.at("run", indicator)
            of_runs = self._summed([part.people for part in parts])
            found.append(of_groups(indicator, RUN, of_runs, _courses(of_runs.group, parts)))
        if indicator.has_modules:
            parts = self.facts.at("module", indicator)
            sums = self._summed([part.people.merged(part.is_repeated) for part in parts])
            found.append(of_groups(indicator, MODULE, sums, _courses(sums.group, parts)))
        adds_up = of_runs is not None and indicator.is_additive
        parts = self.facts.at("run" if adds_up else "course", indicator)
        people = [part.by_course if adds_up else part.people for part in parts]
        exact = self._summed(people)
        sums = self._added(of_runs, exact) if adds_up and of_runs else exact
        found.append(of_groups(indicator, COURSE, sums, sums.group, exact.people))
        wanted = list(self.courses.items())
        return (
            [one.at(are_in(wanted, one.period, one.course)) for one in found],
            [one.at(are_in(wanted, one.period, one.group)) for one in people],
        )


def _courses(group: Whole, parts: Sequence[Placed]) -> Whole:
    """Return the course of each group."""
    groups, courses = (
        np.concatenate(columns)
        for columns in zip(*((part.people.group, part.course) for part in parts), strict=True)
    )
    first, _ = numbered(groups)
    return courses[first][np.searchsorted(groups[first], group)]


@dataclass(frozen=True)
class SiteParts:
    """What adds up to a KPI's figures of the site: those of its courses, in some periods.

    `people` are those of all of the courses, or None if some were not computed.
    """

    indicator: Indicator
    courses: Figures
    people: Sequence[People] | None


def sites_of(
    some: Sequence[SiteParts], periods: Sequence[Period], now: datetime
) -> dict[str, Figures]:
    """Add up the courses of KPIs, by their keys; `periods` are those of the numbers.

    Learners can be in several courses. If the largest course, which is a lower bound of their
    number, looks like a small group, they are counted: in the facts, unless all are known.
    """
    found = {one.indicator.key: _added_up(one.courses) for one in some}
    uncounted: dict[str, Whole] = {}
    for one in some:
        site, is_bound = found[one.indicator.key]
        period = site.period[is_bound]
        if len(period) and one.people is not None:
            site.learners[is_bound] = _different(one.people, period)
        elif len(period):
            uncounted[one.indicator.key] = period
    # as if the site were not the sum of its courses
    wanted = [
        Wanted(replace(one.indicator, is_additive=False), [(periods[at], NOBODY) for at in which])
        for one in some
        if (which := uncounted.get(one.indicator.key, np.zeros(0, np.int64)).tolist())
    ]
    numbers = {period: at for at, period in enumerate(periods)}
    counted = compute_columns(wanted, numbers, {}, now, with_site=True) if wanted else {}
    for key, count in counted.items():
        site, is_bound = found[key]
        learners = np.zeros(len(periods), np.int64)
        learners[count.figures.period] = count.figures.learners
        # facts can be newer than the sums
        site.learners[is_bound] = np.minimum(learners[site.period], site.n)[is_bound]
    return {key: site for key, (site, _) in found.items()}


def _added_up(courses: Figures) -> tuple[Figures, Chosen]:
    """Add up courses in each period; masks the periods in which learners are to be counted."""
    first, place = numbered(courses.period)
    columns = (courses.n, courses.learners > 0, *courses.numbers)
    n, with_people, *numbers = summed_up(place, len(first), *columns)
    learners = np.zeros(len(first), np.int64)
    np.maximum.at(learners, place, courses.learners)
    none = np.zeros(len(first), np.int64)
    site = Figures(
        courses.period[first],
        none + SITE,
        none,
        none,
        n.astype(np.int64),
        learners,
        np.array(numbers).reshape(len(courses.numbers), len(first)),
    )
    return site, (with_people > 1) & (learners < settings.KPI_MIN_GROUP)


def _different(parts: Sequence[People], period: Whole) -> Whole:
    """Return the number of different people in each of these periods, in ascending order."""
    rows = concatenated([one.at((one.person > 0) & np.isin(one.period, period)) for one in parts])
    first, _ = numbered(rows.period, rows.person)
    return np.bincount(rows.period[first], minlength=int(period.max()) + 1)[period]
