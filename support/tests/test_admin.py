"""Staff read the cards of the models and the contacts in the admin, and change neither."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessRecord
from accounts.tests.people import account
from curriculum.models import CourseRun
from kpis.tests.visitors import Visitor
from support.models import ChanceModel, Contact
from support.tests.classes import NOW, class_of, enroll, run_from, school
from support.training import train

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july")]
CONTACTS, MODELS = "/admin/support/contact/", "/admin/support/chancemodel/"


@pytest.fixture
def run() -> CourseRun:
    return run_from(school(), date(2026, 6, 9), "summer")


@pytest.fixture
def staff() -> Visitor:
    cleo = account("Cleo", is_staff=True)
    cleo.groups.add(Group.objects.get(name="Administrators"))
    return Visitor(cleo)


def contacted(run: CourseRun, name: str, **fields: object) -> Contact:
    given = {"on": date(2026, 6, 20), "channel": "phone", "result": "answered", **fields}
    return Contact.objects.create(
        enrollment=enroll(run, name), noted_by=account("Tina"), noted_at=NOW, **given
    )


def test_contacts_say_who_when_how_and_what_came_of_it(run: CourseRun, staff: Visitor) -> None:
    contacted(run, "Ada", came_back=True, note="Her father is ill.")
    text = staff.reads(CONTACTS)

    for said in ("Ada", "20 Jun 2026", "Phone", "Answered", "Tina"):
        assert said in text
    assert "father" not in text


def test_the_note_is_on_the_page_of_the_contact_on_the_record(
    run: CourseRun, staff: Visitor
) -> None:
    contact = contacted(run, "Ada", note="Her father is ill.")

    assert "Her father is ill." in staff.reads(f"{CONTACTS}{contact.pk}/change/")
    assert AccessRecord.objects.filter(about="support.Contact", row=contact.pk).exists()


@pytest.mark.parametrize(
    "query", ["q=Ada", "channel__exact=phone", "came_back__exact=1", "result__exact=answered"]
)
def test_contacts_are_found_by_person_and_filtered(
    run: CourseRun, staff: Visitor, query: str
) -> None:
    contacted(run, "Ada", came_back=True)
    other = enroll(run, "Bo")
    Contact.objects.create(
        enrollment=other, on=date(2026, 6, 21), channel="email", result="no_answer", noted_at=NOW
    )
    text = staff.reads(f"{CONTACTS}?{query}")

    assert "1 contact" in text
    assert "20 Jun 2026" in text


def test_the_list_of_contacts_takes_as_many_queries_for_ten_as_for_one(
    run: CourseRun, staff: Visitor
) -> None:
    counts = []
    for names in (["Ada"], [f"L{number}" for number in range(9)]):
        for name in names:
            Contact.objects.create(
                enrollment=enroll(run, name), on=date(2026, 6, 20), channel="email",
                result="answered", noted_at=NOW,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            staff.reads(CONTACTS)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.fixture
def model() -> ChanceModel:
    made = school()
    for number in range(3):
        class_of(run_from(made, date(2025, 1 + 3 * number, 6)), 90, seed=number)
    trained = train(NOW)
    assert trained is not None
    return trained


def test_the_card_says_what_a_model_was_made_from_and_how_good_it_is(
    model: ChanceModel, staff: Visitor
) -> None:
    card = staff.reads(f"{MODELS}{model.pk}/change/")
    auc = f"{model.quality['all']['0']['auc']:.3f}"

    assert auc in card
    assert auc in staff.reads(MODELS)
    for said in (
        "270",
        "Calibration error",
        "By week of the course",
        "Week 1",
        "By course",
        "Course py",
    ):
        assert said in card


def test_nobody_changes_a_model(model: ChanceModel, staff: Visitor) -> None:
    page = f"{MODELS}{model.pk}/change/"

    assert staff.client.post(page, {"enrollments": "1"}).status_code == 403
    assert staff.client.post(f"{MODELS}{model.pk}/delete/", {"post": "yes"}).status_code == 403
    model.refresh_from_db()
    assert model.enrollments == 270
    assert model.made_at - NOW < timedelta(seconds=1)
