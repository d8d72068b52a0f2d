"""Which days and weeks a reader may see beside the months and quarters that are shown.

All that a reader can be shown of a KPI in one quarter adds up days of runs: days, weeks, months
and quarters, of runs, courses and everything. So they are audited together, in one span.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache, reduce
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Max, QuerySet, Sum

from curriculum.models import CourseRun
from kpis import read, spans, suppress
from kpis.models import Measurement
from kpis.periods import KINDS, Period, between, containing
from kpis.registry import Indicator
from kpis.remembered import Remembered
from kpis.stats import NOTHING, Sums
from kpis.tally import Scope

# those that are decided here, the longer ones first
FINE = ("week", "day")

# what a figure is of: ("course", 3), or everything
Thing = tuple[str, int]
EVERYTHING: Thing = ("", 0)
NO_COURSE: Thing = ("course", 0)

Cell = tuple[Thing, Period]
Atom = Cell
# the suppressed months and quarters of all courses, of all runs or of everything ("")
Coarse = Callable[[str, Collection[Period]], set[Cell]]

# the same figures are audited alike, for whoever asks; a changed one makes another key
AUDITS: Remembered[frozenset[Cell]] = Remembered(500)
COUNTED: Remembered[Sums] = Remembered(20_000)


@dataclass
class Filled:
    """The cells of one quarter that anything is in, and what each adds up.

    Of a week that reaches into another quarter only the days in this one are added up: what is
    safe where they are known is safe where only the week is.
    """

    sums: dict[Cell, Sums]
    inside: dict[Cell, set[Atom]] = field(default_factory=lambda: defaultdict(set))

    def add(self, things: Iterable[Thing], period: Period, kinds: Iterable[str]) -> None:
        """Add an atom, the first thing's period, to what is around it."""
        things = list(things)
        for kind in kinds:
            around = _period(period.first, kind, period.zone)
            for thing in things:
                self.inside[thing, around].add((things[0], period))

    def atoms(self, cells: Iterable[Cell]) -> frozenset[Atom]:
        return frozenset().union(*(self.inside[cell] for cell in cells))


class Daily:
    """The audit of the days and weeks of one KPI, under the widest scope a reader may ask for."""

    def __init__(
        self, indicator: Indicator, everything: Scope, now: datetime, coarse: Coarse
    ) -> None:
        self.indicator = indicator
        self.everything = everything
        self.now = now
        self.coarse = coarse
        self._owners: dict[int, int] | None = None
        self._filled_in: dict[Period, Filled] = {}
        self._suppressed: dict[tuple[str, Period], AbstractSet[Cell]] = {}

    def suppressed(self, kind: str, periods: Collection[Period]) -> set[Cell]:
        """The suppressed cells of all courses, of all runs or of everything ("")."""
        quarters = {one for period in periods for one in quarters_of(period)}
        new = sorted(one for one in quarters if (kind, one) not in self._suppressed)
        for quarter, key in self._keys(new).items():
            known = AUDITS.get((kind, key))
            if known is None:
                self._audit(kind, quarter)
                known = AUDITS.keep((kind, key), frozenset(self._suppressed[kind, quarter]))
            self._suppressed[kind, quarter] = known
        asked = set(periods)
        return {
            cell
            for quarter in quarters
            for cell in self._suppressed[kind, quarter]
            if cell[1] in asked
        }

    @property
    def kinds(self) -> list[str]:
        """The kinds of things that are told apart, the widest first."""
        return ["", *([] if self._is_one_course else ["course"]), *self._runs]

    @property
    def _is_one_course(self) -> bool:
        return self.everything.course_ids is not None and len(self.everything.course_ids) == 1

    @property
    def _runs(self) -> list[str]:
        return ["run"] if self.indicator.has_runs else []

    def _audit(self, kind: str, quarter: Period) -> None:
        """Decide on a kind and on those wider than it, which never depend on the finer ones."""
        there = self._filled(quarter)
        small = {cell for cell, sums in there.sums.items() if suppress.is_small(sums)}
        protected = [there.atoms([cell]) for cell in small]
        protected += [there.atoms(cells) for cells in self._rests(there.sums, small)]
        kinds = self.kinds[: self.kinds.index(kind) + 1]
        wanted = [cell for one in kinds for cell in _ranked(there.sums, one) if cell not in small]
        can_be = spans.shown(
            [there.atoms([cell]) for cell in wanted],
            known=self._known(quarter, there),
            protected=list(dict.fromkeys(protected)),
        )
        shown = {cell for cell, is_shown in zip(wanted, can_be, strict=True) if is_shown}
        for one in kinds:
            hidden = set(_ranked(there.sums, one)) - shown
            self._suppressed[one, quarter] = hidden | self._alike(there.sums, one, hidden)

    def _alike(self, sums: Mapping[Cell, Sums], kind: str, hidden: Collection[Cell]) -> set[Cell]:
        """What has to go beside suppressed things that are all alike in a period."""
        if self.indicator.is_total:
            return set()
        lines: dict[Any, dict[Cell, Sums]] = defaultdict(dict)
        for thing, period in _ranked(sums, kind):
            lines[(*self._around(thing)[:1], period)][thing, period] = sums[thing, period]
        return set().union(*(suppress.to_hide_beside(line, hidden) for line in lines.values()))

    def _known(self, quarter: Period, there: Filled) -> list[frozenset[Atom]]:
        """The months and quarters that are shown."""
        months = list(between(quarter.first, quarter.last, "month", quarter.zone))
        hidden = {
            cell
            for kind in self.kinds
            for periods in ([quarter], months)
            for cell in self.coarse(kind, periods)
        }
        shown = {cell for cell in there.sums if cell[1].kind not in FINE} - hidden
        return [there.atoms([cell]) for cell in shown]

    def _rests(self, sums: Mapping[Cell, Sums], small: Iterable[Cell]) -> Iterator[list[Cell]]:
        """The small cells side by side in one total that are surely small together as well."""
        lines: dict[Any, list[Cell]] = defaultdict(list)
        for thing, period in small:
            around = self._around(thing)[:1]
            lines[thing[0], *around, period].append((thing, period))
            if period.kind == "day":
                lines[thing, containing(period.first, "week", period.zone)].append((thing, period))
        for line in lines.values():
            people = sum(sums[cell].learners for cell in line)
            if len(line) > 1 and people < settings.KPI_MIN_GROUP:
                yield line

    def _around(self, thing: Thing) -> list[Thing]:
        """The wider things that a thing is in, the nearest first."""
        if thing == EVERYTHING:
            return []
        if thing[0] == "course" or self._is_one_course:
            return [EVERYTHING]
        return [("course", self._course_of(thing[1])), EVERYTHING]

    def _course_of(self, run: int) -> int:
        if self._owners is None:
            self._owners = dict(CourseRun.objects.values_list("pk", "course_id"))
        return self._owners[run]

    def _filled(self, quarter: Period) -> Filled:
        if quarter not in self._filled_in:
            there = Filled(self._measured(quarter))
            for kind in reversed(self.kinds):
                for thing, period in [cell for cell in there.sums if cell[0][0] == kind]:
                    # what is kept of no part adds up itself, as payments without a course do
                    if period.kind in FINE and not there.inside[thing, period]:
                        kinds = self._adds_up_in(period.kind)
                        there.add([thing, *self._around(thing)], period, kinds)
            self._filled_in[quarter] = there
        return self._filled_in[quarter]

    def _adds_up_in(self, kind: str) -> tuple[str, ...]:
        """The kinds of periods that a day, or a week, is a part of as they are counted."""
        if self.indicator.grain == "day":
            return KINDS if kind == "day" else ()
        return ("day",) if kind == "day" else KINDS[1:]

    def _counted(self, period: Period, parts: Sequence[Sums]) -> Sums:
        """The sums of everything, its people counted in the facts where these are new."""
        key = (self.indicator.key, self.everything, period, *parts)
        found = COUNTED.get(key)
        if found is None:
            read_now = read.series(self.indicator, self.everything, [period], self.now)
            found = COUNTED.keep(key, read_now[period].sums)
        return found

    def _keys(self, quarters: Sequence[Period]) -> dict[Period, Hashable]:
        """What names all that the audit of each quarter is worked out from, by one query."""
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
        # a week that begins in the quarter before reaches into this one
        return {
            quarter: (how, self.everything, *found[quarter.previous], "|", *found[quarter])
            for quarter in quarters
        }

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

    def _measured(self, quarter: Period) -> dict[Cell, Sums]:
        """The sums of all that is in the quarter, or reaches into it, as they are kept."""
        monday = containing(quarter.first, "week", quarter.zone).first
        rows = self._rows(monday, quarter.after).exclude(
            period_kind=self.indicator.grain, period_start__lt=quarter.first
        )
        found = {
            (_thing(scope, pk), _period(first, kind, quarter.zone)): Sums(
                n=n, total=total, weight=weight, learners=learners
            )
            for scope, pk, kind, first, n, total, weight, learners in rows.values_list(
                *("scope", "scope_id", "period_kind", "period_start"),
                *("n", "total", "weight", "learners"),
            )
        }
        found |= self._of_everything(found)
        kinds = set(self.kinds)
        found = {cell: sums for cell, sums in found.items() if cell[0][0] in kinds}
        return found | self._of_no_course(found)

    def _of_no_course(self, found: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
        """What of the site lies in no course; who is behind it is not kept."""
        if self.everything.course_ids is not None or not self.indicator.is_additive:
            return {}
        rests = {period: sums.n for (thing, period), sums in found.items() if thing == EVERYTHING}
        for (thing, period), sums in found.items():
            if thing[0] == "course":
                rests[period] = rests.get(period, 0) - sums.n
        return {(NO_COURSE, one): Sums(n=n, learners=n) for one, n in rests.items() if n > 0}

    def _of_everything(self, found: Mapping[Cell, Sums]) -> dict[Cell, Sums]:
        """The sums of the courses together, where that is not kept."""
        if self.everything.course_ids is None:
            return {}
        parts: dict[Period, list[Sums]] = defaultdict(list)
        for (thing, period), sums in found.items():
            if thing[0] == "course":
                parts[period].append(sums)
        together = {period: reduce(Sums.__add__, some, NOTHING) for period, some in parts.items()}
        # the largest course bounds how many people there are from below, all together from above
        for period, some in parts.items():
            most = sum(one.learners for one in some)
            if most < settings.KPI_MIN_GROUP:
                together[period] = replace(together[period], learners=most)
            elif suppress.is_small(together[period]):
                together[period] = self._counted(period, some)
        return {(EVERYTHING, period): sums for period, sums in together.items()}


@lru_cache(maxsize=10_000)
def _period(day: date, kind: str, zone: ZoneInfo) -> Period:
    return containing(day, kind, zone)


def quarters_of(period: Period) -> set[Period]:
    """The quarters that a period lies in: two for a week over a quarter's end."""
    return {containing(day, "quarter", period.zone) for day in (period.first, period.last)}


def _thing(scope: str, pk: int) -> Thing:
    return EVERYTHING if scope == "site" else (scope, pk)


def _ranked(sums: Mapping[Cell, Sums], kind: str) -> list[Cell]:
    """The days and weeks of a kind of things: weeks first, and larger groups first."""
    cells = [cell for cell in sums if cell[0][0] == kind and cell[1].kind in FINE]
    return sorted(cells, key=lambda cell: (FINE.index(cell[1].kind), -sums[cell].learners, cell))
