"""Find the rows of a drill-down from which a small row could be computed.

A row for all courses is the sum of the same row of each course, and the row of a course is the sum
of its runs. The rows of one table, or of a part of it, add up to a sum of the KPI. All of this is
checked month by month, from the widest scope to the selected one, so no row depends on a narrower
table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curriculum.models import Course, CourseRun, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, DrillDown, Indicator
from kpis.definitions.scopes import Scope
from kpis.disclosure import linear_spans, small_groups
from kpis.query.query_service import KpiQueryService
from kpis.statistics.intervals import Sums

Row = Mapping[str, Any]
Name = tuple[str, ...]
Cell = tuple[Name, Scope]
Atoms = frozenset[Cell]
# a wider scope (None at the top) and the scopes that it consists of
Level = tuple[Scope | None, Sequence[Scope]]


def rows_to_suppress(
    drill: DrillDown,
    indicator: Indicator,
    scope: Scope,
    months: Sequence[Period],
    service: KpiQueryService,
) -> set[Name]:
    """Return the names of the rows to suppress in the table of the scope in any of the months."""
    found: set[Name] = set()
    for month in months:
        if month.has_begun(service.now):
            audit = Audit(drill, indicator, month, service)
            audit.read(scope)
            found |= audit.hidden(scope)
    return found


def name_of(row: Row) -> Name:
    return tuple(value for value in row.values() if isinstance(value, str))


def is_small(row: Row) -> bool:
    """Return whether few people are behind a row; none are if it has no `learners`."""
    return _is_few(row.get("learners") or 0)


def _is_few(people: int) -> bool:
    return small_groups.is_small(Sums(learners=people))


def _line_of(row: Row) -> str:
    """Return the key of the rows that add up to a sum shown elsewhere."""
    line: str = row["line"] if "line" in row else row.get("course", "")
    return line if len(name_of(row)) > 1 else ""


@dataclass
class Audit:
    """The rows of one month: the people behind each, its line and the rows it is the sum of."""

    drill: DrillDown
    indicator: Indicator
    month: Period
    service: KpiQueryService
    levels: list[Level] = field(default_factory=list)
    people: dict[Cell, int] = field(default_factory=dict)
    lines: dict[tuple[Scope, str], list[Cell]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[Cell, list[Cell]] = field(default_factory=lambda: defaultdict(list))

    def read(self, scope: Scope) -> None:
        """Read the tables from the widest scope down to this one, and those of sibling scopes."""
        everything = Scope(self.service.reader.checked_together(scope.course_ids))
        is_by_course = self._add(None, [everything])
        course = Scope(scope.course_ids)
        if course != everything:
            # A row per course is the same in the table of all courses.
            siblings = [course] if is_by_course else _courses_in(everything)
            self._add(everything, siblings)
        if scope.run_id is not None:
            runs = CourseRun.objects.filter(course__in=course.course_ids or ())
            self._add(course, [replace(course, run_id=pk) for pk in _ids(runs)])
        if scope.module_id is not None:
            around = replace(scope, module_id=None)
            modules = Module.objects.filter(course__in=course.course_ids or ())
            self._add(around, [replace(around, module_id=pk) for pk in _ids(modules)])

    def _add(self, around: Scope | None, scopes: Sequence[Scope]) -> bool:
        """Read the tables of a level; return whether they have a row per course."""
        self.levels.append((around, scopes))
        is_by_course = False
        for scope in scopes:
            table = self.drill.table(self.month.as_of(self.service.now), scope)
            is_by_course = any(column.dimension == "course" for column in table.columns)
            for row in table.rows:
                cell = (name_of(row), scope)
                self.people[cell] = row.get("learners") or 0
                self.lines[scope, _line_of(row)].append(cell)
                if around is not None:
                    self.parts[cell[0], around].append(cell)
        return is_by_course

    def hidden(self, scope: Scope) -> set[Name]:
        """Return the names of the rows to suppress in the table of the scope."""
        candidates = [
            (cell, atoms)
            for _, scopes in self.levels
            for cell, atoms in self.candidates([one for one in scopes if self._is_shown(one)])
        ]
        can_show = linear_spans.shown(
            [atoms for _, atoms in candidates], protected=list(self._protected())
        )
        revealing = {
            cell for (cell, _), is_shown in zip(candidates, can_show, strict=True) if not is_shown
        }
        few = {cell for cell, people in self.people.items() if _is_few(people)}
        return {cell[0] for cell in (*revealing, *few) if cell is not None and cell[1] == scope}

    def _is_shown(self, scope: Scope) -> bool:
        """Return False if the KPI is suppressed in the scope, and the whole table with it."""
        measured = [REGISTRY[key] for key in self.indicator.measured_keys]
        disclosure = self.service.disclosure
        suppressions = [disclosure.suppression_of(one, scope) for one in measured]
        return not any(one.periods(scope, [self.month]) for one in suppressions)

    def candidates(self, scopes: Sequence[Scope]) -> Iterator[tuple[Cell | None, Atoms]]:
        """Yield the sums that readers know anyway (without a cell), then the rows to show.

        An empty row reveals that each of its parts is empty.
        """
        for (scope, _), line in self.lines.items():
            if scope in scopes:
                yield None, self.atoms_of(line)
        rows = [cell for cell in self.people if cell[1] in scopes]
        for cell in sorted(rows, key=lambda one: -self.people[one]):
            if not self.people[cell]:
                # a set has another order in each process, and the first atoms win
                atoms = sorted(self.atoms_of([cell]), key=_order)
                yield from ((cell, frozenset({atom})) for atom in atoms)
            elif not _is_few(self.people[cell]):
                yield cell, self.atoms_of([cell])

    def _protected(self) -> Iterator[Atoms]:
        few = {cell for cell, people in self.people.items() if _is_few(people)}
        yield from (self.atoms_of([cell]) for cell in few)
        for line in (*self.lines.values(), *self.parts.values()):
            small = [cell for cell in line if cell in few]
            if _is_few(sum(self.people[cell] for cell in small)):
                yield self.atoms_of(small)
        # people in none of the parts, such as those behind invitations without a course
        rests = (cell for cell in self.parts if cell in self.people and _is_few(self._rest(cell)))
        yield from (frozenset({cell}) for cell in rests)

    def atoms_of(self, cells: Iterable[Cell]) -> Atoms:
        """Return the finest rows that these are sums of, including remainders outside all parts."""
        found: set[Cell] = set()
        for cell in cells:
            parts = self.parts.get(cell, ())
            found |= self.atoms_of(parts)
            if not parts or self._rest(cell) > 0:
                found.add(cell)
        return frozenset(found)

    def _rest(self, cell: Cell) -> int:
        return self.people[cell] - sum(self.people[part] for part in self.parts.get(cell, ()))


def _order(cell: Cell) -> tuple[Name, list[int], int, int]:
    name, scope = cell
    return name, sorted(scope.course_ids or ()), scope.run_id or 0, scope.module_id or 0


def _courses_in(everything: Scope) -> list[Scope]:
    ids = everything.course_ids
    if ids is None:
        ids = frozenset(_ids(Course.objects.all()))
    return [Scope(frozenset({pk})) for pk in sorted(ids)]


def _ids(rows: Any) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))
