"""A copy that pulls ends up with what is stored, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord, ApiKey
from accounts.tests.people import course, run_of
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module
from curriculum.tests.enrolled import enrolled
from engagement.models import DailyActivity
from exports.formats import FORMATS
from exports.tables import TABLES
from exports.tests.copies import Copy, client_of

pytestmark = pytest.mark.django_db(transaction=True)


START_AGAIN = "Empty your copy and start again without “since”."


def courses(*keys: str) -> list[Course]:
    return [course(key) for key in keys]


def test_all_rows_come_in_pages() -> None:
    courses("a", "b", "c", "d", "e")
    copy = Copy(client_of("bi"), "course").pull()

    assert copy.keys() == {"a", "b", "c", "d", "e"}
    assert copy.pages == 4  # two rows, two, one, and what has changed


def test_a_copy_follows_changes() -> None:
    first, second = courses("a", "b")
    copy = Copy(client_of("bi"), "course").pull()
    Course.objects.filter(pk=first.pk).update(title="New")
    second.delete()
    course("c")
    copy.pull()

    assert copy.keys() == {"a", "c"}
    assert copy.rows[first.pk]["title"] == "New"


def test_nothing_new_is_an_empty_page() -> None:
    courses("a")
    copy = Copy(client_of("bi"), "course").pull()
    page = copy.page()

    assert (page["rows"], page["deleted"], page["has_more"]) == ([], [], False)


def test_rows_that_change_during_the_first_pass_are_told() -> None:
    first, *_, last = courses("a", "b", "c", "d", "e")
    copy = Copy(client_of("bi"), "course")
    copy.step()
    Course.objects.filter(pk=first.pk).update(title="New")
    last.delete()
    copy.pull()

    assert copy.keys() == {"a", "b", "c", "d"}
    assert copy.rows[first.pk]["title"] == "New"


def test_a_page_that_is_asked_for_twice_is_harmless() -> None:
    first, _ = courses("a", "b")
    gone = first.pk
    copy = Copy(client_of("bi"), "course").pull()
    first.delete()
    again = copy.page()
    copy.pull()

    assert again["deleted"] == [gone]
    assert copy.keys() == {"b"}


def test_a_change_by_hand_in_sql_counts_like_any_other() -> None:
    courses("a")
    copy = Copy(client_of("bi"), "course").pull()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE curriculum_course SET title = 'By hand'")
    copy.pull()

    assert copy.keys("title") == {"By hand"}


def test_many_rows_of_one_statement_are_told_in_pages() -> None:
    courses("a", "b", "c", "d", "e")
    copy = Copy(client_of("bi"), "course").pull()
    Course.objects.update(title="New")
    copy.pull()

    assert copy.keys("title") == {"New"}


def test_learners_have_pseudonyms_only() -> None:
    enrolled("Ada")
    (row,) = Copy(client_of("bi"), "enrollment").pull().rows.values()

    assert len(row["learner"]) == 32
    assert "ada" not in str(row).lower()
    assert row["learner_kind"] == "learner"


def test_an_enrollment_changes_with_the_kind_of_its_learner() -> None:
    ada = enrolled("Ada").learner
    copy = Copy(client_of("bi"), "enrollment").pull()
    Learner.objects.filter(pk=ada.pk).update(kind=Learner.Kind.STAFF)
    copy.pull()

    assert copy.keys("learner_kind") == {"staff"}


def test_an_erased_learner_leaves_the_copy() -> None:
    one = enrolled("Ada")
    DailyActivity.objects.create(
        enrollment=one, day="2026-07-01", interactions=1, productive=0, content=1, quiz=0
    )
    client = client_of("bi")
    copies = [Copy(client, name).pull() for name in ("enrollment", "daily_activity")]
    before = [len(copy.rows) for copy in copies]
    one.learner.delete()

    assert before == [1, 1]
    assert [copy.pull().rows for copy in copies] == [{}, {}]


def test_every_table_can_be_pulled_in_every_format() -> None:
    client = client_of("bi")
    paths = [f"/api/export/{name}?format={kind}" for name in TABLES for kind in FORMATS]

    assert {client.get(path).status_code for path in paths} == {200}
    assert len(paths) > 100


# of a key that is limited to courses


def two_courses() -> tuple[Course, Course]:
    mine, other = course("py"), course("sql")
    enrolled("Ada", run=run_of(mine))
    enrolled("Bo", run=run_of(other))
    return mine, other


def test_a_limited_key_gets_the_rows_of_its_courses() -> None:
    mine, _ = two_courses()
    client = client_of("bi", courses=(mine,))

    assert Copy(client, "course").pull().keys() == {"py"}
    assert Copy(client, "enrollment").pull().keys("run_id") == {mine.runs.get().pk}


def test_a_limited_key_hears_nothing_of_other_courses() -> None:
    mine, other = two_courses()
    copy = Copy(client_of("bi", courses=(mine,)), "enrollment").pull()
    Enrollment.objects.filter(run__course=other).delete()
    page = copy.page()

    assert (page["rows"], page["deleted"]) == ([], [])


def test_a_row_that_moves_to_another_course_leaves_the_copy() -> None:
    mine, other = two_courses()
    Module.objects.create(course=mine, key="m", title="M", position=1)
    copy = Copy(client_of("bi", courses=(mine,)), "module").pull()
    Module.objects.update(course=other)

    assert copy.keys() == {"m"}
    assert copy.pull().rows == {}


def test_courses_that_the_key_no_longer_sees_end_the_copy() -> None:
    mine, other = two_courses()
    copy = Copy(client_of("bi", courses=(mine, other)), "course").pull()
    ApiKey.objects.get(name="bi").courses.remove(other)

    assert copy.problem() == (
        410,
        "cursor_expired",
        "What this API key may see has changed. Empty your copy and start again without “since”.",
    )


def test_facts_of_people_need_access_to_small_groups() -> None:
    client = client_of("bi", "facts:read")

    assert client.get("/api/export/course").status_code == 200
    assert client.get("/api/export/enrollment").status_code == 403
    assert client.get("/api/export/measurement").status_code == 403


def test_a_page_costs_as_much_at_the_end_of_a_long_history_as_at_its_beginning() -> None:
    copy = Copy(client_of("bi"), "course")
    counts: list[int] = []
    for _ in range(3):
        courses(*(f"c{number}" for number in range(len(counts) * 10, len(counts) * 10 + 10)))
        copy.pull()
        with CaptureQueriesContext(connection) as queries:
            copy.page()
        counts.append(len(queries))

    assert len(set(counts)) == 1
    assert CourseRun.objects.count() == 0


def test_moments_are_in_utc() -> None:
    enrolled("Ada")
    (row,) = Copy(client_of("bi"), "enrollment").pull().rows.values()

    assert datetime.fromisoformat(row["started_at"]).tzinfo == UTC


def test_pages_about_people_are_pulled_on_the_record() -> None:
    enrolled("ada", run=run_of(course()))
    Copy(client_of("bi"), "course").pull()
    assert not AccessRecord.objects.exists()

    Copy(client_of("bi 2"), "enrollment").pull()
    record = AccessRecord.objects.get()
    assert (record.who, record.action) == ("bi 2", "exported")
    assert (record.about, record.count) == ("curriculum.Enrollment", 1)
