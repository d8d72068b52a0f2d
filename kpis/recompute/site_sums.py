"""The site's figures of additive KPIs: moved by what changed in courses, or summed up again.

Moving them takes as long on a site of two hundred courses as on one of two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from kpis.aggregation.grouped_sums import NOBODY
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Measurement
from kpis.recompute.compare_measurements import differs
from kpis.recompute.compute_cells import Wanted, compute_all
from kpis.recompute.store_measurements import Cell, Change
from kpis.recompute.stored_rows import Key, PeriodKey, StoredRow, rows_of_all_courses, table_of
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

SITE, COURSE = Measurement.Scope.SITE, Measurement.Scope.COURSE
# a difference that is this much smaller than what it is of would show how that was rounded
TOO_SMALL = 1e-3


@dataclass
class Site:
    """What may change the site's figures of an additive KPI: cells of courses, and their changes.

    `stored` are rows, among them those of the site. In the `periods`, the site is summed up again.
    """

    indicator: Indicator
    cells: Sequence[Cell] = ()
    changes: Sequence[Change] = ()
    stored: Mapping[Key, StoredRow] = field(default_factory=dict)
    periods: Iterable[Period] = ()
    summed: dict[PeriodKey, Period] = field(init=False)

    def __post_init__(self) -> None:
        self.summed = {(one.kind, one.first): one for one in self.periods}

    def row(self, period: PeriodKey) -> StoredRow | None:
        return self.stored.get((SITE, 0, *period))

    def change(self, period: Period, sums: Sums) -> Iterator[Change]:
        row = self.row((period.kind, period.first))
        if differs(self.indicator, sums, row):
            yield Change(Cell(period, SITE, 0, None, sums), row)


def site_changes(sites: Sequence[Site], now: datetime) -> dict[str, list[Change]]:
    """Return by KPI how the site's cells differ from their stored rows."""
    found: dict[str, list[Change]] = defaultdict(list)
    for one in sites:
        for period, sums in _moved_periods(one):
            found[one.indicator.key] += one.change(period, sums)
    for one, period, sums in _summed([one for one in sites if one.summed], now):
        found[one.indicator.key] += one.change(period, sums)
    return found


def _moved_periods(site: Site) -> Iterator[tuple[Period, Sums]]:
    """Move the site in periods with changes; where that is impossible, it is to be summed up."""
    by_period: dict[PeriodKey, list[Change]] = defaultdict(list)
    for change in site.changes:
        if change.cell.scope == COURSE:
            by_period[change.cell.key[2:]].append(change)
    for key, changes in by_period.items():
        if key not in site.summed:
            row, period = site.row(key), changes[0].cell.period
            sums = moved(row.sums, changes) if row and _is_current(site, row) else None
            if sums is None:
                site.summed[key] = period
            else:
                yield period, sums
    site.summed |= _with_few_learners(site, by_period)


def _with_few_learners(site: Site, changed: Collection[PeriodKey]) -> dict[PeriodKey, Period]:
    """Return the other periods of the cells: the same sums may be those of other people."""
    return {
        key: cell.period
        for cell in site.cells
        if cell.scope == COURSE and cell.sums.n and (key := cell.key[2:]) not in changed
        if (row := site.row(key)) and has_few_learners(row.sums)
    }


def has_few_learners(site: Sums) -> bool:
    """Return whether it matters who the learners are, so that they must be counted again.

    More of them are not a small group, whoever changed places since the last time.
    """
    return 0 < site.learners < 2 * settings.KPI_MIN_GROUP


def _is_current(site: Site, row: StoredRow) -> bool:
    return row.definition_version == site.indicator.version


def sites_with_few_learners(
    indicators: Collection[Indicator], periods: Collection[Period]
) -> dict[str, set[PeriodKey]]:
    """Return by KPI in which of these periods the site `has_few_learners`."""
    found: dict[str, set[PeriodKey]] = defaultdict(set)
    if not periods:
        return found
    firsts = [one.first for one in periods]
    for table in {table_of(one) for one in indicators}:
        rows: QuerySet[Any] = QuerySet(table.model).filter(
            kpi__in=[one.key for one in indicators],
            scope=SITE,
            period_kind__in={one.kind for one in periods},
            period_start__range=(min(firsts), max(firsts)),
            learners__range=(1, 2 * settings.KPI_MIN_GROUP - 1),
        )
        for key, kind, first in rows.order_by().values_list("kpi", "period_kind", "period_start"):
            found[key].add((kind, first))
    return found


def moved(site: Sums, changes: Sequence[Change]) -> Sums | None:
    """Return the site's sums after courses changed; None if they do not follow from these alone."""
    before = [one.row.sums for one in changes if one.row]
    before, after = (
        [one for one in sums if one.n] for sums in (before, [one.cell.sums for one in changes])
    )
    n = site.n + sum(one.n for one in after) - sum(one.n for one in before)
    if not n:
        return NOTHING
    learners = _learners(site, before, after)
    numbers = _numbers(site, before, after)
    if learners is None or numbers is None:
        return None
    total, weight, *others = numbers
    spread = Spread(int(others[0]), *others[1:4]) if site.spread else None
    products = others[4:] if site.spread else others
    crosses = (CrossSums(*products[at : at + 4]) for at in range(0, len(products), 4))
    return Sums(n, total, weight, learners, spread, tuple(crosses))


def _numbers(site: Sums, before: Sequence[Sums], after: Sequence[Sums]) -> list[float] | None:
    """Return totals and products; None if some are unknown, or would be lost in rounding."""
    columns = [_columns(one) for one in (site, *before, *after)]
    if len({len(one) for one in columns}) > 1:
        return None
    found = []
    for stored, *others in zip(*columns, strict=True):
        value = stored + sum(others[len(before) :]) - sum(others[: len(before)])
        if abs(value) < TOO_SMALL * max(map(abs, (stored, *others))):
            return None
        found.append(value)
    return found


def _columns(sums: Sums) -> tuple[float, ...]:
    spread = sums.spread.row if sums.spread else ()
    return sums.total, sums.weight, *spread, *chain(*(one.row for one in sums.crosses))


def _learners(site: Sums, before: Sequence[Sums], after: Sequence[Sums]) -> int | None:
    """Return how many learners the site has; None if that depends on other courses.

    It is the number of the largest course or, if that is a small group, an exact one.
    """
    largest = max((one.learners for one in before), default=0)
    found = max((one.learners for one in after), default=0)
    if largest >= settings.KPI_MIN_GROUP:
        # then no exact number is stored
        if found >= site.learners:
            return found
        return site.learners if largest < site.learners else None
    if site.learners < settings.KPI_MIN_GROUP <= found:
        return found
    return None


def _summed(sites: Sequence[Site], now: datetime) -> Iterator[tuple[Site, Period, Sums]]:
    """Sum up the courses of each site's periods.

    Learners can be in several courses. If the largest course, which is a lower bound of their
    number, looks like a small group, they are counted: in the facts, unless all are known.
    """
    if not sites:
        return
    periods = {key: period for one in sites for key, period in one.summed.items()}
    stored = rows_of_all_courses((one.indicator for one in sites), periods.values())
    uncounted: list[tuple[Site, Period, Sums]] = []
    for site in sites:
        parts = _parts(site, stored.get(site.indicator.key, {}))
        for key, period in site.summed.items():
            sums, is_counted = _sum(parts.get(key, []))
            if is_counted:
                yield site, period, sums
            else:
                uncounted.append((site, period, sums))
    counts = _counts(uncounted, now)
    for site, period, sums in uncounted:
        count = counts[site.indicator.key, (period.kind, period.first)]
        # facts can be newer than the sums
        yield site, period, replace(sums, learners=min(count, sums.n))


# the sums of a course, with the ids of its people if they are known
Part = tuple[Sums, Collection[int] | None]


def _parts(site: Site, stored: Mapping[Key, StoredRow]) -> dict[PeriodKey, list[Part]]:
    """Return what is stored of all courses, or computed, by period."""
    courses: dict[Key, Part] = {key: (row.sums, None) for key, row in stored.items()}
    courses |= {one.key: (one.sums, one.people) for one in site.cells if one.scope == COURSE}
    # a course without any facts left has no cell
    courses |= {one.cell.key: (one.cell.sums, one.cell.people) for one in site.changes}
    found: dict[PeriodKey, list[Part]] = defaultdict(list)
    for key, (sums, people) in courses.items():
        if key[0] == COURSE and sums.n:
            found[key[2:]].append((sums, people))
    return found


def _sum(parts: Sequence[Part]) -> tuple[Sums, bool]:
    """Return the sum of courses, and whether its number of learners is the one to show."""
    sums = reduce(Sums.__add__, (one for one, _ in parts), NOTHING)
    is_bound = sum(1 for one, _ in parts if one.learners) > 1
    if not is_bound or sums.learners >= settings.KPI_MIN_GROUP:
        return sums, True
    known = [people for _, people in parts if people is not None]
    if len(known) < len(parts):
        return sums, False
    return replace(sums, learners=len(NOBODY.union(*known))), True


def _counts(
    uncounted: Sequence[tuple[Site, Period, Sums]], now: datetime
) -> dict[tuple[str, PeriodKey], int]:
    """Return the number of different learners of the site by KPI and period."""
    periods: dict[str, list[tuple[Period, frozenset[int]]]] = defaultdict(list)
    counted: dict[str, Indicator] = {}
    for site, period, _ in uncounted:
        # as if the site were not the sum of its courses
        counted[site.indicator.key] = replace(site.indicator, is_additive=False)
        periods[site.indicator.key].append((period, NOBODY))
    wanted = [Wanted(one, periods[key]) for key, one in counted.items()]
    found = compute_all(wanted, {}, now, with_site=True)
    return {
        (key, (cell.period.kind, cell.period.first)): cell.sums.learners
        for key, cells in found.items()
        for cell in cells
    }
