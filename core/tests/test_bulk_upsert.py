from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.people import course, learner, moment, run_of
from core.database import bulk_upsert
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module, RunModule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["few", "many"])
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test with and without COPY, which PostgreSQL uses for many rows."""
    if request.param == "many":
        monkeypatch.setattr(bulk_upsert, "COPY_FROM_ROWS", 1)


LEARNER = ("key", "name", "email", "kind")


def rows(*names: str) -> list[tuple[str, str, str, str]]:
    return [(name.lower(), name, "", Learner.Kind.LEARNER) for name in names]


def upsert(*names: str, **how: str) -> list[tuple[str]]:
    return bulk_upsert.upsert(
        Learner, LEARNER, rows(*names), conflict="key", merge=how, returning=("key",)
    )


def test_an_upsert_returns_the_new_rows() -> None:
    learner("Ada")

    assert upsert("Ada", "Bo") == [("bo",)]


def test_without_a_merge_an_existing_row_stays() -> None:
    Learner.objects.create(key="ada", name="Countess")
    upsert("Ada")

    assert Learner.objects.get().name == "Countess"


def test_a_merge_replaces_the_columns_it_names() -> None:
    Learner.objects.create(key="ada", name="Countess", email="ada@example.com")
    upsert("Ada", name="replace")

    assert Learner.objects.values_list("name", "email").get() == ("Ada", "ada@example.com")


@pytest.mark.parametrize(
    ("how", "position"), [("add", 7), ("larger", 5), ("smaller", 2), ("replace", 2)]
)
def test_a_merge_combines_numbers(how: str, position: int) -> None:
    made = course()
    Module.objects.create(course=made, key="m1", title="One", position=5)
    columns = ("course_id", "key", "title", "position", "is_required", "planned_days")
    bulk_upsert.upsert(
        Module,
        (*columns, "effort_minutes"),
        [(made.pk, "m1", "One", 2, True, 7, 60)],
        conflict="course_id, key",
        merge={"position": how},
    )

    assert Module.objects.get().position == position


@pytest.mark.parametrize(
    "name", ["", "NULL", 'a "b"', "a\\b", "{a,b}", "a, b", "a\nb", "ä€😀", "'; --", "%s"]
)
def test_text_arrives_as_it_is(name: str) -> None:
    bulk_upsert.upsert(Learner, LEARNER, [("ada", name, "", "learner")], conflict="key")
    bulk_upsert.insert(Learner, LEARNER, [("bo", name, "", "learner")])

    assert list(Learner.objects.values_list("name", flat=True)) == [name, name]


def test_no_rows_need_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert upsert() == []


def timetable() -> tuple[Course, CourseRun]:
    made = course(modules=2)
    return made, run_of(made)


def load(*days: str) -> None:
    made = Course.objects.get()
    rows = zip(made.modules.values_list("pk", flat=True), days, strict=False)
    bulk_upsert.bulk_insert(
        RunModule,
        ("run_id", "module_id", "due_on"),
        [(made.runs.get().pk, module, day) for module, day in rows],
    )


def test_a_bulk_insert_takes_database_values() -> None:
    timetable()
    load("2026-01-12", "2026-01-19")

    assert list(RunModule.objects.values_list("due_on", flat=True)) == [
        date(2026, 1, 12),
        date(2026, 1, 19),
    ]


def test_a_bulk_insert_rejects_existing_rows() -> None:
    timetable()
    load("2026-01-12")

    with pytest.raises(IntegrityError), transaction.atomic():
        load("2026-01-12")


def left(*names: str, at: str | None) -> list[int]:
    run = run_of(course())
    start = moment("2026-01-05")
    return [
        Enrollment.objects.create(
            learner=learner(name),
            run=run,
            enrolled_at=start,
            started_at=start,
            cutoff_at=start,
            planned_due_at=start,
            withdrawn_at=moment(at) if at else None,
        ).pk
        for name in names
    ]


def withdrawn() -> list[datetime | None]:
    return list(Enrollment.objects.order_by("pk").values_list("withdrawn_at", flat=True))


def test_the_given_rows_are_updated() -> None:
    _, bo = left("Ada", "Bo", at=None)
    bulk_upsert.update(Enrollment, ("withdrawn_at",), [(bo, moment("2026-02-02"))])

    assert withdrawn() == [None, moment("2026-02-02")]


def test_a_value_can_be_set_to_null() -> None:
    (ada,) = left("Ada", at="2026-02-01")
    bulk_upsert.update(Enrollment, ("withdrawn_at", "completed_by_sender"), [(ada, None, True)])

    assert withdrawn() == [None]
    assert Enrollment.objects.get().completed_by_sender


def test_an_empty_update_changes_nothing() -> None:
    left("Ada", at="2026-02-01")
    bulk_upsert.update(Enrollment, ("withdrawn_at",), [])

    assert withdrawn() == [moment("2026-02-01")]


def test_text_in_bulk_is_stored_as_it_is() -> None:
    text = "a\\b\tc\nd\re, \\N, ä"
    bulk_upsert.bulk_upsert(
        Learner,
        LEARNER,
        [("ada", text, "", "learner"), ("bo", "Bo", "", "learner")],
        conflict="key",
        merge={"name": "replace"},
    )

    assert Learner.objects.get(key="ada").name == text


def test_rows_in_bulk_replace_those_that_exist() -> None:
    learner("Ada")
    changed = [("ada", "Ada L.", "", "learner")]
    bulk_upsert.bulk_upsert(Learner, LEARNER, changed, conflict="key", merge={"name": "replace"})

    assert Learner.objects.get(key="ada").name == "Ada L."
