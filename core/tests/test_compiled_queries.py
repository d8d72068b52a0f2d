from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

import pytest
from django.db.models.sql.compiler import SQLCompiler

from core.database import given_rows
from core.database.compiled_queries import CompiledQuery, given_ids, given_texts
from curriculum.models import Course, CourseRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def courses() -> list[Course]:
    return [Course.objects.create(key=key, title=key.upper()) for key in ("py", "db", "go")]


def test_a_query_runs_with_other_values_each_time(courses: list[Course]) -> None:
    titles = CompiledQuery(
        Course.objects.filter(key__in=given_texts("keys")).order_by("key").values_list("title")
    )

    assert titles.run(keys=["py", "go", "no"]) == [("GO",), ("PY",)]
    assert titles.run(keys=["db"]) == [("DB",)]
    assert titles.run(keys=[]) == []


def test_a_query_is_compiled_once(courses: list[Course]) -> None:
    keys = CompiledQuery(Course.objects.filter(pk__in=given_ids("courses")).values_list("key"))
    keys.run(courses=[courses[0].pk])

    with mock.patch.object(SQLCompiler, "as_sql", side_effect=AssertionError):
        assert keys.run(courses=[courses[1].pk]) == [("db",)]


def test_moments_come_back_in_utc(courses: list[Course]) -> None:
    at = datetime(2026, 1, 5, 9, 30, 0, 250_000, tzinfo=UTC)
    Course.objects.update(created_at=at)
    moments = CompiledQuery(
        Course.objects.filter(key__in=given_texts("keys")).values_list("created_at")
    )

    assert moments.run(keys=["py"]) == [(at,)]


def test_rows_are_passed_as_a_table(courses: list[Course]) -> None:
    CourseRun.objects.create(course=courses[0], key="r1")
    statement = """
        SELECT run.key, given.at FROM {rows} CROSS JOIN curriculum_courserun run
        WHERE run.course_id = given.course_id
    """
    at = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [(courses[0].pk, at), (courses[1].pk, at)]

    found = given_rows.select(statement, {"course_id": int, "at": datetime}, rows)

    assert [(key, given_rows.moment(moment)) for key, moment in found] == [("r1", at)]
