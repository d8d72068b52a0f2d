"""Drill-downs reveal neither small rows nor figures that their KPI suppresses."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from pytest_django import Settings

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Column, DrillDown, Table
from kpis.definitions.scopes import Scope
from kpis.definitions.units import COUNT, TEXT
from kpis.query import suppressed_tables
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.row_suppression import Audit
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.audited import Known
from kpis.tests.kernel import STARTED, moment, run_of, starts

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")
JUNE = containing(moment("2026-06-10").date(), "month", reporting_clock.reporting_zone())
STAFF = Reader(True, True, False, frozenset())

# the number of people per course and answer
Answers = Mapping[str, Mapping[str, int]]


@pytest.fixture(autouse=True)
def _small_is_under_ten(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 10


def course(key: str, people: int = 12) -> Course:
    """Create a course in which this many learners start in June."""
    run = run_of(f"{key}-1", course=key)
    for at in range(people):
        starts(f"{key}-{at}", run, "2026-06-10")
    recompute_stale.recompute_stale(now=NOW)
    return run.course


def answers(given: Answers, *, lines: Mapping[str, str] | None = None) -> DrillDown:
    """Return a drill-down with a row for each answer in the requested courses."""
    keys = dict(Course.objects.values_list("pk", "key"))

    def table(when: Period, scope: Scope) -> Table:
        asked = [keys[pk] for pk in keys if scope.course_ids is None or pk in scope.course_ids]
        names = sorted({name for key in asked for name in given.get(key, {})})
        rows = [
            {"answer": name, "people": people, "learners": people, "group": "all"}
            | ({"line": lines[name]} if lines else {})
            for name in names
            if (people := sum(given.get(key, {}).get(name, 0) for key in asked)) or lines
        ]
        return Table((Column("answer", "Answer", TEXT), Column("people", "People", COUNT)), rows)

    return DrillDown("answers", "Answers", "", table)


def shown(drill: DrillDown, *asked: Course, reader: Reader = STAFF) -> dict[str, int]:
    """Return the people of each row that the reader sees in June, of one course or all."""
    scope = Scope(frozenset(one.pk for one in asked) or None)
    question = KpiQuery("month", [JUNE], None, scope, None, None, None, None, None, NOW)
    _, table = suppressed_tables.suppressed_table(
        drill, REGISTRY[STARTED], question, KpiQueryService(reader, NOW)
    )
    return {row["answer"]: row["people"] for row in table.rows if "is_hidden" not in row}


def test_rows_of_all_courses_and_of_one_do_not_reveal_the_other() -> None:
    py, sql = course("py", 40), course("sql", 40)
    drill = answers({"py": {"five": 27}, "sql": {"five": 8, "four": 32}})

    assert shown(drill) == {"five": 35, "four": 32}
    # 35 less 27 are the eight of the other course
    assert shown(drill, py) == {}
    assert shown(drill, sql) == {"four": 32}


def test_rows_do_not_reveal_what_lies_in_no_course() -> None:
    py, sql = course("py"), course("sql")
    drill = answers({"py": {"sent": 20}, "sql": {"sent": 15}})
    with_more = replace(
        drill, table=lambda when, scope: _four_more(drill.table(when, scope), scope)
    )

    assert shown(with_more) == {"sent": 39}
    assert shown(with_more, py) == {"sent": 20}
    assert shown(with_more, sql) == {}


def _four_more(table: Table, scope: Scope) -> Table:
    rows = [
        {**row, "people": row["people"] + 4, "learners": row["people"] + 4} for row in table.rows
    ]
    return table if scope.course_ids else replace(table, rows=rows)


def test_an_empty_row_is_hidden_if_the_sum_would_reveal_the_one_beside_it() -> None:
    course("py")
    # the KPI reveals that one of twelve is a detractor: one of the empty rows must be hidden
    lines = {str(score): "low" if score < 7 else "high" for score in range(11)}
    found = shown(answers({"py": {**dict.fromkeys(lines, 0), "0": 1, "10": 11}}, lines=lines))

    assert "0" not in found
    assert len([score for score in found if lines[score] == "low"]) == 5
    assert found["10"] == 11


def test_the_row_of_a_course_is_hidden_if_the_kpi_hides_the_course() -> None:
    py, sql, ux = course("py", 12), course("sql", 12), course("ux", 5)
    rows = [
        {"course": one.title, "answer": one.key, "people": 12, "learners": 12}
        for one in (py, sql, ux)
    ]
    columns = (Column.of("course"), Column("answer", "Answer", TEXT))
    drill = DrillDown("courses", "", "", lambda when, scope: Table(columns, rows))

    # the KPI hides the five of ux and one other course
    assert len(shown(drill)) == 1
    assert "ux" not in shown(drill)
    assert len(shown(replace(drill, is_of_all_time=True))) == 3


@pytest.mark.once
@pytest.mark.parametrize("seed", range(6))
def test_no_small_row_can_be_derived_from_all_tables_together(seed: int) -> None:
    courses = [course(key) for key in ("py", "sql", "ux")]
    chance = random.Random(seed)  # noqa: S311
    people = {
        (one.key, name): chance.choice((0, 1, 4, 8, 11, 15, 30))
        for one, name in product(courses, "abcd")
    }
    given = {one.key: {name: people[one.key, name] for name in "abcd"} for one in courses}
    drill = answers(given)
    known = [
        frozenset((key, name) for key in asked_for(asked, courses) if people[key, name])
        for asked in ([], *([one] for one in courses))
        for name in shown(drill, *asked)
    ]
    few = [atom for atom, number in people.items() if 0 < number < 10]

    assert [atom for atom in few if Known(known).reveals(frozenset({atom}))] == []


class ReversedAtoms(frozenset[Any]):
    """Atoms in another order, as another process with another hash seed would iterate over them."""

    def __iter__(self) -> Iterator[Any]:
        return reversed(list(super().__iter__()))


@pytest.mark.once
def test_every_process_suppresses_the_same_empty_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [course(key) for key in ("py", "sql")]
    lines = dict.fromkeys("abc", "low")
    drill = answers({"py": {"a": 1, "b": 0, "c": 0}, "sql": {"a": 0, "b": 0, "c": 0}}, lines=lines)
    audit = Audit(drill, REGISTRY[STARTED], JUNE, KpiQueryService(STAFF, NOW))
    audit.read(Scope(frozenset({courses[0].pk})))
    everything = [Scope()]
    before = list(audit.candidates(everything))
    atoms_of = audit.atoms_of
    monkeypatch.setattr(audit, "atoms_of", lambda cells: ReversedAtoms(atoms_of(cells)))

    assert list(audit.candidates(everything)) == before


def asked_for(asked: list[Course], courses: list[Course]) -> list[str]:
    return [one.key for one in asked or courses]
