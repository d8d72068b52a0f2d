"""Managers and tutors with the permission see the learners of their courses, and note contacts."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.api_keys import create_api_key
from accounts.models import AccessRecord, RunGrant, User
from accounts.tests.people import account, course
from curriculum.models import CourseRun
from kpis.tests.visitors import Visitor
from support.models import Contact, Standing
from support.ranking import rank
from support.tests.classes import NOW, class_of, did, enroll, run_from, school, was_active
from support.training import train

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july")]
START = date(2026, 6, 9)
PAGE = "/learners-to-help"


@pytest.fixture
def run() -> CourseRun:
    """Ada keeps up, Bo does not; both are in course py."""
    made = run_from(school(), START, "summer")
    ada, bo = enroll(made, "Ada"), enroll(made, "Bo")
    was_active(ada, 20, 21)
    did(ada, 3)
    was_active(bo, 1)
    rank(NOW)
    return made


def tutor(run: CourseRun, *, is_permitted: bool = True) -> User:
    user = account("Tina", grants=(run.course,))
    if is_permitted:
        user.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))
    return user


@pytest.fixture
def tina(run: CourseRun) -> Visitor:
    return Visitor(tutor(run))


def test_the_list_shows_reasons_and_what_to_do_next(tina: Visitor) -> None:
    text = tina.reads(PAGE)

    assert text.index("Bo") < text.index("Inactive since 10 Jun 2026.") < text.index("Ada")
    assert "15 days behind the plan: “Module 1” is overdue." in text
    assert "Next: Ask what keeps them away" in text
    assert "of 10 points" in text
    assert "Nobody was contacted in the last year." in text


def test_without_the_permission_or_a_course_nobody_is_shown(run: CourseRun) -> None:
    manager = Visitor(tutor(run, is_permitted=False))
    manager.reads(PAGE)
    assert manager.status == 403
    stranger = account("Cleo")
    stranger.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))

    for path in (PAGE, f"{PAGE}/export.csv", f"{PAGE}/model", f"{PAGE}/1"):
        client = Client()
        client.force_login(stranger)
        assert client.get(path).status_code == 403


def test_the_learners_of_other_courses_are_not_there(run: CourseRun) -> None:
    other = account("Otto", grants=(course("db"),))
    other.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))
    otto = Visitor(other)
    bo = Standing.objects.earliest("pk").enrollment_id

    assert "Bo" not in otto.reads(PAGE)
    assert "Bo" not in otto.reads(f"{PAGE}/export.csv")
    assert otto.reads(f"{PAGE}/{bo}")
    assert otto.status == 404
    otto.reads(f"{PAGE}?course=py")
    assert otto.status == 400
    assert otto.client.post(f"{PAGE}/{bo}", {}).status_code == 404


def test_a_single_granted_run_shows_its_own_learners_only(run: CourseRun) -> None:
    other = run_from(run.course, START, "other")
    enroll(other, "Otto")
    rank(NOW)
    tom = account("Tom")
    RunGrant.objects.create(user=tom, run=other)
    tom.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))
    visitor = Visitor(tom)
    bo = Standing.objects.get(enrollment__learner__name="Bo").enrollment_id

    text = visitor.reads(f"{PAGE}?course=py")
    assert "Otto" in text
    assert "Bo" not in text
    assert visitor.reads(f"{PAGE}/{bo}")
    assert visitor.status == 404
    assert "Unknown run “summer”." in visitor.reads(f"{PAGE}?course=py&run=summer")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("course=py", {"Ada", "Bo"}),
        ("course=py&run=summer", {"Ada", "Bo"}),
        ("reason=inactive", {"Bo"}),
        ("reason=failing", set()),
        ("contacted=no", {"Ada"}),
        ("contacted=yes", {"Bo"}),
    ],
)
def test_filters_narrow_the_list(tina: Visitor, query: str, names: set[str]) -> None:
    bo = Standing.objects.get(enrollment__learner__name="Bo").enrollment
    Contact.objects.create(enrollment=bo, on=date(2026, 6, 20), channel="phone",
                           result="answered", noted_at=NOW)  # fmt: skip
    page = tina.client.get(f"{PAGE}?{query}")

    assert {str(card.learner) for card in page.context["cards"]} == names


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("course=no", "Unknown course “no”."),
        ("run=summer", "Choose the course of the run, too."),
        ("course=py&run=no", "Unknown run “no”."),
        ("reason=age", "Unknown value “age”."),
        ("contacted=maybe", "Unknown value “maybe”."),
    ],
)
def test_a_wrong_filter_is_named(tina: Visitor, query: str, sentence: str) -> None:
    assert sentence in tina.reads(f"{PAGE}?{query}")
    assert tina.status == 400
    assert tina.reads(f"{PAGE}/export.csv?{query}")
    assert tina.status == 400
    body = tina.client.get(f"/api{PAGE}?{query}").json()
    assert sentence in body["detail"]


def test_the_list_takes_as_many_queries_for_two_learners_as_for_a_full_page(
    run: CourseRun, tina: Visitor
) -> None:
    with CaptureQueriesContext(connection) as few:
        tina.reads(f"{PAGE}?course=py")
    class_of(run, 40, seed=5, until=20)
    rank(NOW)
    with CaptureQueriesContext(connection) as many:
        tina.reads(f"{PAGE}?course=py")

    assert len(few) == len(many) <= 18
    assert "Page 1 of 2" in tina.reads(PAGE)
    assert "Page 2 of 2" in tina.reads(f"{PAGE}?page=2")


def test_a_contact_is_noted_and_shown(tina: Visitor) -> None:
    bo = Standing.objects.get(enrollment__learner__name="Bo").enrollment_id
    sent = {"on": "2026-06-30", "channel": "phone", "result": "agreed", "note": "Back on Monday."}
    answer = tina.client.post(f"{PAGE}/{bo}", sent)
    tina.client.post(f"{PAGE}/{bo}", sent)

    assert answer.status_code == 302
    text = tina.reads(f"{PAGE}/{bo}")
    assert "30 June 2026 · Phone · Agreed on next steps · Tina" in text
    assert "Back on Monday." in text
    assert "Last contact: Phone on 30 June 2026" in tina.reads(PAGE)
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"on": "2026-07-02"}, "This day is in the future."),
        ({"on": "soon"}, "Enter a date such as 2026-03-31."),
        ({"channel": ""}, "Choose how you contacted the learner."),
        ({"result": "magic"}, "Select a valid choice."),
        ({"note": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_a_wrong_contact_is_explained(
    tina: Visitor, changed: dict[str, str], sentence: str
) -> None:
    bo = Standing.objects.earliest("pk").enrollment_id
    sent = {"on": "2026-06-30", "channel": "phone", "result": "agreed", **changed}
    answer = tina.client.post(f"{PAGE}/{bo}", sent)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Contact.objects.exists()


def test_the_csv_file_has_all_matching_learners_and_runs_no_formulas(
    run: CourseRun, tina: Visitor
) -> None:
    evil = enroll(run, "Eve").learner
    evil.name = "=1+1"
    evil.save()
    rank(NOW)
    rows = list(csv.DictReader(StringIO(tina.client.get(f"{PAGE}/export.csv").content.decode())))

    assert [row["name"] for row in rows] == ["Bo", "'=1+1", "Ada"]
    assert rows[0]["reasons"].startswith("Inactive since 10 Jun 2026. 15 days behind")
    assert (rows[0]["week"], rows[0]["chance"]) == ("4", "")


def test_the_api_names_learners_by_key_only(run: CourseRun) -> None:
    _, secret = create_api_key("crm", ["learners:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    body = client.get(f"/api{PAGE}?limit=1").json()
    first = body["results"][0]

    assert (body["count"], body["as_of"]) == (2, NOW.isoformat())
    assert (first["learner"], first["course"], first["run"]) == ("bo", "py", "summer")
    assert [one["reason"] for one in first["reasons"]] == ["inactive", "behind", "slow"]
    assert (first["chance"], first["last_contact_on"]) == (None, None)
    assert "name" not in first
    following = client.get(body["next"]).json()
    assert following["results"][0]["learner"] == "ada"


def test_a_key_sees_its_courses_only(run: CourseRun) -> None:
    _, secret = create_api_key("crm", ["learners:read"], courses=[course("db")])
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    assert client.get(f"/api{PAGE}").json()["count"] == 0
    assert client.get(f"/api{PAGE}?course=py").status_code == 400


def test_each_reading_is_recorded(run: CourseRun, tina: Visitor) -> None:
    bo = Standing.objects.get(enrollment__learner__name="Bo").enrollment_id
    tina.reads(PAGE)
    tina.reads(f"{PAGE}/export.csv?course=py")
    tina.client.get(f"/api{PAGE}?limit=1")
    tina.reads(f"{PAGE}/{bo}")
    tina.reads(f"{PAGE}?reason=failing")
    columns = ("who", "action", "about", "row", "count", "course__key")

    assert list(AccessRecord.objects.order_by("pk").values_list(*columns)) == [
        ("tina@example.com", "viewed", "support.Standing", "", 2, None),
        ("tina@example.com", "exported", "support.Standing", "", 2, "py"),
        ("tina@example.com", "exported", "support.Standing", "", 1, None),
        ("tina@example.com", "viewed", "curriculum.Enrollment", str(bo), 1, "py"),
    ]


def test_the_card_of_the_model_shows_granted_courses_only(run: CourseRun, tina: Visitor) -> None:
    for seed, day in enumerate((date(2025, 9, 1), date(2026, 1, 5), date(2026, 3, 2))):
        class_of(run_from(run.course, day), 80, seed=seed)
    assert "Rules rank the learners." in tina.reads(f"{PAGE}/model")
    train(NOW)
    rank(NOW)
    text = tina.reads(f"{PAGE}/model")

    assert "from 240 enrollments of 3 runs that are over" in text
    assert "Course py 80 0." in text
    assert "It never reads names" in text
    assert "chance of not finishing" in tina.reads(PAGE)
    other = account("Otto", grants=(course("db"),))
    other.user_permissions.add(Permission.objects.get(codename="view_learners_to_help"))
    assert "Course py" not in Visitor(other).reads(f"{PAGE}/model")


def test_small_groups_of_the_card_are_not_shown(
    run: CourseRun, tina: Visitor, settings: Any
) -> None:
    for seed, day in enumerate((date(2025, 9, 1), date(2026, 1, 5), date(2026, 3, 2))):
        class_of(run_from(run.course, day), 80, seed=seed)
    train(NOW)
    settings.KPI_MIN_GROUP = 81

    assert "Course py – – – –" in tina.reads(f"{PAGE}/model")
