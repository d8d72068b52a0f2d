"""Which days and weeks a reader may see beside the months and quarters that are shown.

All that a reader can be shown of a KPI in one quarter adds up days of runs: days, weeks, months
and quarters, of runs, courses and everything. So they are audited together, in one span.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from django.conf import settings

from curriculum.models import CourseRun
from kpis import read, spans, suppress
from kpis.models import Measurement
from kpis.periods import KINDS, Period, between, containing
from kpis.registry import Indicator
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
            around = containing(period.first, kind, period.zone)
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
        self._suppressed: dict[tuple[str, Period], set[Cell]] = {}

    def suppressed(self, kind: str, periods: Collection[Period]) -> set[Cell]:
        """The suppressed cells of all courses, of all runs or of everything ("")."""
        quarters = {one for period in periods for one in quarters_of(period)}
        for quarter in sorted(quarters):
            if (kind, quarter) not in self._suppressed:
                self._audit(kind, quarter)
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
            self._suppressed[one, quarter] = set(_ranked(there.sums, one)) - shown

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

    def _measured(self, quarter: Period) -> dict[Cell, Sums]:
        """The sums of all that is in the quarter, or reaches into it, as they are kept."""
        monday = containing(quarter.first, "week", quarter.zone).first
        rows = Measurement.objects.filter(
            kpi=self.indicator.key,
            scope__in=[kind or "site" for kind in {*self.kinds, "course"}],
            period_start__gte=monday,
            period_start__lt=quarter.after,
            n__gt=0,
        ).exclude(period_kind=self.indicator.grain, period_start__lt=quarter.first)
        if self.everything.course_ids is not None:
            rows = rows.filter(course__in=self.everything.course_ids)
        found = {
            (_thing(scope, pk), containing(first, kind, quarter.zone)): Sums(n=n, learners=learners)
            for scope, pk, kind, first, n, learners in rows.values_list(
                "scope", "scope_id", "period_kind", "period_start", "n", "learners"
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
        unsure: dict[str, list[Period]] = defaultdict(list)
        for period, some in parts.items():
            if len(some) > 1 and suppress.is_small(together[period]):
                unsure[period.kind].append(period)
        for periods in unsure.values():
            read_now = read.series(self.indicator, self.everything, periods, self.now)
            together |= {period: one.sums for period, one in read_now.items()}
        return {(EVERYTHING, period): sums for period, sums in together.items()}


def quarters_of(period: Period) -> set[Period]:
    """The quarters that a period lies in: two for a week over a quarter's end."""
    return {containing(day, "quarter", period.zone) for day in (period.first, period.last)}


def _thing(scope: str, pk: int) -> Thing:
    return EVERYTHING if scope == "site" else (scope, pk)


def _ranked(sums: Mapping[Cell, Sums], kind: str) -> list[Cell]:
    """The days and weeks of a kind of things: weeks first, and larger groups first."""
    cells = [cell for cell in sums if cell[0][0] == kind and cell[1].kind in FINE]
    return sorted(cells, key=lambda cell: (FINE.index(cell[1].kind), -sums[cell].learners, cell))
