"""Decide which months and quarters to suppress so that no total gives away a small group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

from curriculum.models import CourseRun, Module
from kpis import read_sums
from kpis.definitions.periods import Period, between, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import linear_spans, small_groups
from kpis.statistics.intervals import Sums

COARSE = ("quarter", "month")

Key = tuple[int, ...]
Cell = tuple[Key, Period]
Atoms = frozenset[Cell]


class Place(NamedTuple):
    """The position of a scope: its key among the groups of a wider scope."""

    around: Scope
    by: tuple[str, ...]
    key: Key


def place_of(scope: Scope, everything: Scope) -> Place:
    course = Scope(scope.course_ids)
    if scope.run_id is not None and scope.module_id is not None:
        return Place(course, ("run", "module"), (scope.run_id, scope.module_id))
    if scope.module_id is not None:
        return Place(course, ("module",), (scope.module_id,))
    if scope.run_id is not None:
        return Place(course, ("run",), (scope.run_id,))
    if scope != everything and scope.course_ids and len(scope.course_ids) == 1:
        return Place(everything, ("course",), tuple(scope.course_ids))
    return Place(scope, (), ())


class MonthlySuppression:
    """The suppressed months and quarters of one KPI, within the widest scope of a reader.

    Cells add up in two directions, to the longer period and to the wider scope. In neither may a
    total give away a suppressed cell. Everything inside a suppressed cell is suppressed, too.
    """

    def __init__(self, indicator: Indicator, everything: Scope, now: datetime) -> None:
        self.indicator = indicator
        self.everything = everything
        self.now = now
        self._known: dict[tuple[Scope, tuple[str, ...], Period], set[Cell]] = {}

    def suppressed(
        self, around: Scope, by: tuple[str, ...], periods: Collection[Period]
    ) -> set[Cell]:
        """Return the suppressed cells of months or quarters, each with its key among the groups."""
        kind = next(iter(periods)).kind
        quarters = sorted({_quarter(period) for period in periods})
        new = [one for one in quarters if (around, by, _of(one, kind)) not in self._known]
        if new:
            found = self._audited(
                around, by, [one for k in COARSE for q in new for one in _in(q, k)]
            )
            for quarter, one in product(new, COARSE):
                mine = {c for c in found if c[1].kind == one and _quarter(c[1]) == quarter}
                self._known[around, by, _of(quarter, one)] = mine
        return set().union(*(self._known[around, by, _of(one, kind)] for one in quarters))

    def _audited(self, around: Scope, by: tuple[str, ...], periods: Sequence[Period]) -> set[Cell]:
        """Return the cells that would give away a small one together with all that is shown."""
        # quarters of modules are not stored
        kinds = [(kind,) for kind in COARSE] if "module" in by else [COARSE]
        sums: dict[Cell, Sums] = {}
        for some in kinds:
            sums |= self.sums(around, by, [one for one in periods if one.kind in some])
        whose = self._owners(around, by)
        blocks: dict[tuple[int | None, Period], dict[Cell, Sums]] = {}
        for (key, period), one in sums.items():
            if one.learners:
                owner = whose.get(key[0]) if by else None
                blocks.setdefault((owner, _quarter(period)), {})[key, period] = one
        self._audit_wider(around, by, blocks, periods)
        hidden: set[Cell] = set()
        for (owner, quarter), cells in blocks.items():
            scope = around if owner is None else Scope(frozenset({owner}))
            hidden |= self._audited_block(scope, by, quarter, cells)
        return hidden

    def _audit_wider(
        self,
        around: Scope,
        by: tuple[str, ...],
        blocks: Mapping[tuple[int | None, Period], Iterable[Cell]],
        periods: Sequence[Period],
    ) -> None:
        """Audit the wider scopes in all periods at once: each block would ask for its quarter."""
        cells: dict[int | None, set[Cell]] = {}
        for (owner, _), some in blocks.items():
            cells.setdefault(owner, set()).update(some)
        for owner, mine in cells.items():
            scope = around if owner is None else Scope(frozenset({owner}))
            for wider, _ in self._scopes_around(scope, by, mine):
                place = place_of(wider, self.everything)
                self.suppressed(place.around, place.by, periods)

    def _audited_block(
        self, scope: Scope, by: tuple[str, ...], quarter: Period, cells: Mapping[Cell, Sums]
    ) -> set[Cell]:
        known, protected = self._totals(scope, by, quarter, cells)
        small = [cell for cell, sums in cells.items() if small_groups.is_small(sums)]
        protected += [_atoms([cell], cells) for cell in small]
        protected += [_atoms(rest, cells) for rest in _small_together(small)]
        if not protected:
            return set()
        large = sorted(set(cells) - set(small), key=lambda cell: _rank(cell, cells[cell]))
        can_be = linear_spans.shown(
            [_atoms([cell], cells) for cell in large], known=known, protected=protected
        )
        shown = {cell for cell, is_shown in zip(large, can_be, strict=True) if is_shown}
        return set(cells) - (shown - self._alike(by, cells, set(cells) - shown))

    def _alike(
        self, by: tuple[str, ...], cells: Mapping[Cell, Sums], hidden: Collection[Cell]
    ) -> set[Cell]:
        """Return what to suppress beside suppressed groups that are all alike in a period."""
        if not by or self.indicator.is_total:
            return set()
        lines: dict[Any, dict[Cell, Sums]] = {}
        for (key, period), sums in cells.items():
            for at in range(len(by)):
                around = (*key[:at], *key[at + 1 :])
                lines.setdefault((at, around, period), {})[key, period] = sums
        return set().union(*(small_groups.to_hide_beside(line, hidden) for line in lines.values()))

    def _totals(
        self, scope: Scope, by: tuple[str, ...], quarter: Period, cells: Mapping[Cell, Sums]
    ) -> tuple[list[Atoms], list[Atoms]]:
        """Return the totals around the cells: those that are shown, and those suppressed."""
        known: list[Atoms] = []
        protected: list[Atoms] = []
        for around, mine in self._scopes_around(scope, by, cells):
            for kind in COARSE:
                periods = _in(quarter, kind)
                place = place_of(around, self.everything)
                suppressed = self.suppressed(place.around, place.by, periods)
                for period in periods:
                    inside = [cell for cell in mine if cell[1] == period]
                    is_suppressed = (place.key, period) in suppressed
                    (protected if is_suppressed else known).append(_atoms(inside, cells))
        return [one for one in known if one], [one for one in protected if one]

    def sums(
        self, around: Scope, by: tuple[str, ...], periods: Sequence[Period]
    ) -> dict[Cell, Sums]:
        if not by:
            series = read_sums.series(
                self.indicator, around, periods, self.now, with_restated=False
            )
            return {((), period): one.sums for period, one in series.items()}
        found = read_sums.cells(self.indicator, around, periods, by, self.now)
        sums = {
            (key, period): one.sums
            for period, groups in found.items()
            for key, one in groups.items()
        }
        return sums | self._of_no_course(sums, around, by, periods)

    def _of_no_course(
        self,
        sums: Mapping[Cell, Sums],
        around: Scope,
        by: tuple[str, ...],
        periods: Sequence[Period],
    ) -> dict[Cell, Sums]:
        """Return the part of the site in no course, such as some payments, as one more course."""
        if by != ("course",) or around.course_ids is not None or not self.indicator.is_additive:
            return {}
        left = {period: one.n for (_, period), one in self.sums(around, (), periods).items()}
        for (_, period), one in sums.items():
            left[period] -= one.n
        # its learners are not stored: there are at most as many as observations
        return {((0,), one): Sums(n=n, learners=n) for one, n in left.items() if n > 0}

    def _owners(self, around: Scope, by: tuple[str, ...]) -> dict[int, int]:
        """Return the course of each run or module if the scope has several courses."""
        if len(by) != 1 or by[0] == "course" or _is_one_course(around):
            return {}
        groups = CourseRun.objects if by[0] == "run" else Module.objects
        return dict(groups.values_list("pk", "course_id"))

    def _scopes_around(
        self, around: Scope, by: tuple[str, ...], sums: Iterable[Cell]
    ) -> Iterator[tuple[Scope, list[Cell]]]:
        cells = list(sums)
        if by:
            yield around, cells
        if len(by) == 1 and by[0] != "course" and not _is_one_course(around):
            whose = self._owners(around, by)
            for course in set(whose.values()):
                mine = [cell for cell in cells if whose.get(cell[0][0]) == course]
                yield Scope(frozenset({course})), mine
        if len(by) == 2:
            for run in {key[0] for key, _ in cells}:
                yield Scope(around.course_ids, run), [one for one in cells if one[0][0] == run]
            for module in {key[1] for key, _ in cells}:
                narrow = Scope(around.course_ids, None, module)
                yield narrow, [one for one in cells if one[0][1] == module]


def _atoms(some: Iterable[Cell], cells: Mapping[Cell, Sums]) -> Atoms:
    """Return the months of groups that the cells add up, without empty ones."""
    return frozenset(
        (key, month)
        for key, period in some
        for month in between(period.first, period.last, "month", period.zone)
        if (key, month) in cells
    )


def _small_together(small: Iterable[Cell]) -> Iterator[list[Cell]]:
    """Yield the small cells of one group or of one period, whose sum is protected as well."""
    lines: dict[Any, list[Cell]] = {}
    for key, period in small:
        lines.setdefault((period,), []).append((key, period))
        lines.setdefault((key, period.kind), []).append((key, period))
    yield from (line for line in lines.values() if len(line) > 1)


def _rank(cell: Cell, sums: Sums) -> tuple[bool, int, Cell]:
    """Order cells so that longer periods and larger groups are shown first."""
    return cell[1].kind == "month", -sums.learners, cell


def _is_one_course(scope: Scope) -> bool:
    return scope.course_ids is not None and len(scope.course_ids) == 1


def _quarter(period: Period) -> Period:
    return containing(period.first, "quarter", period.zone)


def _of(quarter: Period, kind: str) -> Period:
    return Period(quarter.first, quarter.after, kind, quarter.zone)


def _in(quarter: Period, kind: str) -> list[Period]:
    """Return the periods that begin in a quarter."""
    some = between(quarter.first, quarter.last, kind, quarter.zone)
    return [one for one in some if one.first >= quarter.first]
