"""Read the stored sums of one KPI in a quarter, and the days that each of them adds up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache, reduce
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Max, QuerySet, Sum

from core.process_cache import ProcessCache
from curriculum.models import CourseRun
from kpis import read_sums
from kpis.definitions.periods import KINDS, Period, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import small_groups
from kpis.models import Measurement
from kpis.statistics.intervals import NOTHING, Sums

# the kinds of periods that are decided after months and quarters, longer ones first
FINE = ("week", "day")

# a kind and an id, such as ("course", 3); ("", 0) for everything
Group = tuple[str, int]
EVERYTHING: Group = ("", 0)
NO_COURSE: Group = ("course", 0)

Cell = tuple[Group, Period]
Atom = Cell

COUNTED: ProcessCache[Sums] = ProcessCache(20_000)


@dataclass
class QuarterCells:
    """The non-empty cells of one quarter, and the atoms that each adds up.

    Of a week that reaches into another quarter, only the days in this quarter are added up: what
    is safe if those days are known is also safe if only the week is known.
    """

    sums: dict[Cell, Sums]
    inside: dict[Cell, set[Atom]] = field(default_factory=lambda: defaultdict(set))

    def add(self, groups: Iterable[Group], period: Period, kinds: Iterable[str]) -> None:
        """Add an atom, the first group's period, to the cells around it."""
        groups = list(groups)
        for kind in kinds:
            around = _period(period.first, kind, period.zone)
            for group in groups:
                self.inside[group, around].add((groups[0], period))

    def atoms(self, cells: Iterable[Cell]) -> frozenset[Atom]:
        return frozenset().union(*(self.inside[cell] for cell in cells))

    def ranked(self, kind: str) -> list[Cell]:
        """Return the days and weeks of a kind of group: weeks first, larger groups first."""
        cells = [cell for cell in self.sums if cell[0][0] == kind and cell[1].kind in FINE]
        return sorted(
            cells, key=lambda cell: (FINE.index(cell[1].kind), -self.sums[cell].learners, cell)
        )


class StoredCells:
    """Reads the cells of one KPI within the widest scope a reader may see."""

    def __init__(self, indicator: Indicator, everything: Scope, now: datetime) -> None:
        self.indicator = indicator
        self.everything = everything
        self.now = now
        self._course_of_run: dict[int, int] | None = None
        self._by_quarter: dict[Period, QuarterCells] = {}

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of groups that figures are broken down by, the widest first."""
        courses = [] if self._is_one_course else ["course"]
        return ["", *courses, *(["run"] if self.indicator.has_runs else [])]

    @property
    def _is_one_course(self) -> bool:
        return self.everything.course_ids is not None and len(self.everything.course_ids) == 1

    def around(self, group: Group) -> list[Group]:
        """Return the wider groups that a group lies in, the nearest first."""
        if group == EVERYTHING:
            return []
        if group[0] == "course" or self._is_one_course:
            return [EVERYTHING]
        if self._course_of_run is None:
            self._course_of_run = dict(CourseRun.objects.values_list("pk", "course_id"))
        return [("course", self._course_of_run[group[1]]), EVERYTHING]

    def of_quarter(self, quarter: Period) -> QuarterCells:
        if quarter not in self._by_quarter:
            cells = QuarterCells(self._stored(quarter))
            for kind in reversed(self.kinds):
                for group, period in [cell for cell in cells.sums if cell[0][0] == kind]:
                    # a cell without stored parts, such as payments without a course, is an atom
                    if period.kind in FINE and not cells.inside[group, period]:
                        kinds = self._adds_up_in(period.kind)
                        cells.add([group, *self.around(group)], period, kinds)
            self._by_quarter[quarter] = cells
        return self._by_quarter[quarter]

    def _adds_up_in(self, kind: str) -> tuple[str, ...]:
        """Return the kinds of periods that a day or a week is added up in."""
        if self.indicator.grain == "day":
            return KINDS if kind == "day" else ()
        return ("day",) if kind == "day" else KINDS[1:]

    def _stored(self, quarter: Period) -> dict[Cell, Sums]:
        """Return the stored sums of all periods in the quarter or reaching into it."""
        monday = containing(quarter.first, "week", quarter.zone).first
        rows = self._rows(monday, quarter.after).exclude(
            period_kind=self.indicator.grain, period_start__lt=quarter.first
        )
        found = {
            (
                EVERYTHING if scope == "site" else (scope, pk),
                _period(first, kind, quarter.zone),
            ): Sums(n=n, total=total, weight=weight, learners=learners)
            for scope, pk, kind, first, n, total, weight, learners in rows.values_list(
                *("scope", "scope_id", "period_kind", "period_start"),
                *("n", "total", "weight", "learners"),
            )
        }
        found |= self._of_everything(found)
        kinds = set(self.kinds)
        found = {cell: sums for cell, sums in found.items() if cell[0][0] in kinds}
        return found | self._of_no_course(found)

    def _rows(self, first: date, after: date) -> QuerySet[Measurement]:
        rows = Measurement.objects.filter(
            kpi=self.indicator.key,
            scope__in=[kind or "site" for kind in {*self.kinds, "course"}],
            period_start__gte=first,
            period_start__lt=after,
            n__gt=0,
        )
        courses = self.everything.course_ids
        return rows if courses is None else rows.filter(course__in=courses)

    def _of_no_course(self, found: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
        """Return the part of the site that lies in no course; its learners are not stored."""
        if self.everything.course_ids is not None or not self.indicator.is_additive:
            return {}
        rests = {period: sums.n for (group, period), sums in found.items() if group == EVERYTHING}
        for (group, period), sums in found.items():
            if group[0] == "course":
                rests[period] = rests.get(period, 0) - sums.n
        return {(NO_COURSE, one): Sums(n=n, learners=n) for one, n in rests.items() if n > 0}

    def _of_everything(self, found: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
        """Return the sums of a reader's courses together, which are not stored."""
        if self.everything.course_ids is None:
            return {}
        parts: dict[Period, list[Sums]] = defaultdict(list)
        for (group, period), sums in found.items():
            if group[0] == "course":
                parts[period].append(sums)
        together = {period: reduce(Sums.__add__, some, NOTHING) for period, some in parts.items()}
        # the number of people is at least that of the largest course, at most that of all added up
        for period, some in parts.items():
            most = sum(one.learners for one in some)
            if most < settings.KPI_MIN_GROUP:
                together[period] = replace(together[period], learners=most)
            elif small_groups.is_small(together[period]):
                together[period] = self._counted(period, some)
        return {(EVERYTHING, period): sums for period, sums in together.items()}

    def _counted(self, period: Period, parts: Sequence[Sums]) -> Sums:
        """Return the sums of everything, with people counted in the facts unless cached."""
        key = (self.indicator.key, self.everything, period, *parts)
        found = COUNTED.get(key)
        if found is None:
            read_now = read_sums.series(self.indicator, self.everything, [period], self.now)
            found = COUNTED.keep(key, read_now[period].sums)
        return found

    def fingerprints(self, quarters: Sequence[Period]) -> dict[Period, Hashable]:
        """Return, by one query, a key for each quarter that changes whenever its cells change."""
        if not quarters:
            return {}
        first, zone = quarters[0].previous.first, quarters[0].zone
        rows = self._rows(first, quarters[-1].after).values_list("period_kind", "period_start")
        found: dict[Period, list[Hashable]] = defaultdict(list)
        for row in rows.annotate(
            Count("pk"), Sum("n"), Sum("learners"), Sum("total"), Max("computed_at"),
            where=Sum(F("learners") * F("scope_id")),
        ).order_by("period_kind", "period_start"):  # fmt: skip
            found[_period(row[1], "quarter", zone)].append(row)
        one = self.indicator
        how = (one.key, one.grain, one.has_runs, one.is_additive, settings.KPI_MIN_GROUP)
        # a week that begins in the previous quarter may reach into this one
        return {
            quarter: (how, self.everything, *found[quarter.previous], "|", *found[quarter])
            for quarter in quarters
        }


@lru_cache(maxsize=10_000)
def _period(day: date, kind: str, zone: ZoneInfo) -> Period:
    return containing(day, kind, zone)
