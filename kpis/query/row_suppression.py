"""Which rows of a drill-down would tell a small one, together with all that can be asked for.

A row of all granted courses adds up the same row of each course, and that of a course those of its
runs; the rows of one table, or of a part of it, add up to a sum of the KPI. All that is audited
month by month, from the widest scope to the one asked for, so no row depends on a narrower table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curriculum.models import Course, CourseRun, Module
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, DrillDown, Indicator
from kpis.disclosure import linear_spans, small_groups
from kpis.query.query_service import KpiQueryService
from kpis.statistics.intervals import Sums

Row = Mapping[str, Any]
Name = tuple[str, ...]
Cell = tuple[Name, Scope]
Atoms = frozenset[Cell]
# the scopes that make up a wider one
Level = tuple[Scope | None, Sequence[Scope]]


def rows_to_suppress(
    drill: DrillDown,
    indicator: Indicator,
    scope: Scope,
    months: Sequence[Period],
    desk: KpiQueryService,
) -> set[Name]:
    """The names of the rows that are hidden in one of the months, in the table of the scope."""
    found: set[Name] = set()
    for month in months:
        if month.has_begun(desk.now):
            audit = Audit(drill, indicator, month, desk)
            audit.read(scope)
            found |= audit.hidden(scope)
    return found


def name_of(row: Row) -> Name:
    return tuple(value for value in row.values() if isinstance(value, str))


def is_small(row: Row) -> bool:
    """A row that names no number of learners is of nobody."""
    return _is_few(row.get("learners") or 0)


def _is_few(people: int) -> bool:
    return small_groups.is_small(Sums(learners=people))


def _line_of(row: Row) -> str:
    """The rows of one line add up to a sum that is shown elsewhere."""
    line: str = row["line"] if "line" in row else row.get("course", "")
    return line if len(name_of(row)) > 1 else ""


@dataclass
class Audit:
    """The rows of one month: the people behind each, its line and the rows that it adds up."""

    drill: DrillDown
    indicator: Indicator
    month: Period
    desk: KpiQueryService
    levels: list[Level] = field(default_factory=list)
    people: dict[Cell, int] = field(default_factory=dict)
    lines: dict[tuple[Scope, str], list[Cell]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[Cell, list[Cell]] = field(default_factory=lambda: defaultdict(list))

    def read(self, scope: Scope) -> None:
        """Read the tables from the widest scope down to this one, with all those beside them."""
        courses = None if self.desk.reader.sees_every_course else self.desk.reader.course_ids
        everything = Scope(courses)
        is_by_course = self._add(None, [everything])
        course = Scope(scope.course_ids)
        if course != everything:
            # the row of a course is the same in the table of all of them
            beside = [course] if is_by_course else _courses_in(everything)
            self._add(everything, beside)
        if scope.run_id is not None:
            runs = CourseRun.objects.filter(course__in=course.course_ids or ())
            self._add(course, [replace(course, run_id=pk) for pk in _ids(runs)])
        if scope.module_id is not None:
            around = replace(scope, module_id=None)
            modules = Module.objects.filter(course__in=course.course_ids or ())
            self._add(around, [replace(around, module_id=pk) for pk in _ids(modules)])

    def _add(self, around: Scope | None, scopes: Sequence[Scope]) -> bool:
        """Read the tables of a level; True where each of their rows is of one course."""
        self.levels.append((around, scopes))
        is_by_course = False
        for scope in scopes:
            table = self.drill.table(self.month.as_of(self.desk.now), scope)
            is_by_course = any(column.dimension == "course" for column in table.columns)
            for row in table.rows:
                cell = (name_of(row), scope)
                self.people[cell] = row.get("learners") or 0
                self.lines[scope, _line_of(row)].append(cell)
                if around is not None:
                    self.parts[cell[0], around].append(cell)
        return is_by_course

    def hidden(self, scope: Scope) -> set[Name]:
        wanted = [
            (cell, atoms)
            for _, scopes in self.levels
            for cell, atoms in self._wanted([one for one in scopes if self._is_open(one)])
        ]
        can_be = linear_spans.shown(
            [atoms for _, atoms in wanted], protected=list(self._protected())
        )
        shut = {cell for (cell, _), is_shown in zip(wanted, can_be, strict=True) if not is_shown}
        few = {cell for cell, people in self.people.items() if _is_few(people)}
        return {cell[0] for cell in (*shut, *few) if cell is not None and cell[1] == scope}

    def _is_open(self, scope: Scope) -> bool:
        """False where the KPI is hidden, and the whole table with it."""
        measured = [REGISTRY[key] for key in self.indicator.measured_keys]
        veils = map(self.desk.disclosure.veil, measured)
        return not any(veil.periods(scope, [self.month]) for veil in veils)

    def _wanted(self, scopes: Sequence[Scope]) -> Iterator[tuple[Cell | None, Atoms]]:
        """What is known of these tables whether we show it or not, then their rows.

        That a row is empty tells as much of each of its parts.
        """
        for (scope, _), line in self.lines.items():
            if scope in scopes:
                yield None, self._atoms(line)
        rows = [cell for cell in self.people if cell[1] in scopes]
        for cell in sorted(rows, key=lambda one: -self.people[one]):
            if not self.people[cell]:
                yield from ((cell, frozenset({atom})) for atom in self._atoms([cell]))
            elif not _is_few(self.people[cell]):
                yield cell, self._atoms([cell])

    def _protected(self) -> Iterator[Atoms]:
        few = {cell for cell, people in self.people.items() if _is_few(people)}
        yield from (self._atoms([cell]) for cell in few)
        for line in (*self.lines.values(), *self.parts.values()):
            small = [cell for cell in line if cell in few]
            if _is_few(sum(self.people[cell] for cell in small)):
                yield self._atoms(small)
        # what lies in none of the parts, such as invitations without a course
        rests = (cell for cell in self.parts if cell in self.people and _is_few(self._rest(cell)))
        yield from (frozenset({cell}) for cell in rests)

    def _atoms(self, cells: Iterable[Cell]) -> Atoms:
        """The finest rows that these add up; what lies in none of its parts is one itself."""
        found: set[Cell] = set()
        for cell in cells:
            parts = self.parts.get(cell, ())
            found |= self._atoms(parts)
            if not parts or self._rest(cell) > 0:
                found.add(cell)
        return frozenset(found)

    def _rest(self, cell: Cell) -> int:
        return self.people[cell] - sum(self.people[part] for part in self.parts.get(cell, ()))


def _courses_in(everything: Scope) -> list[Scope]:
    ids = everything.course_ids
    if ids is None:
        ids = frozenset(_ids(Course.objects.all()))
    return [Scope(frozenset({pk})) for pk in sorted(ids)]


def _ids(things: Any) -> list[int]:
    return list(things.order_by("pk").values_list("pk", flat=True))
