from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessRecord, User
from accounts.tests.admin_pages import enrolled
from accounts.tests.people import account, course, learner
from business.models import Customer, OrganizationGrant, Seat, Subscription
from curriculum.models import Course, Learner

pytestmark = pytest.mark.django_db


def organization(key: str, *courses: Course | None) -> Customer:
    made = Customer.objects.create(kind="organisation", key=key, name=key.title(), seats=40)
    for at, one in enumerate(courses):
        Subscription.objects.create(
            key=f"{key}-{at}", customer=made, course=one, kind="purchase", started_at=timezone.now()
        )
    return made


def page_of(*managed: Customer) -> str:
    mo = account("Mo")
    for one in managed:
        OrganizationGrant.objects.create(user=mo, organization=one)
    client = Client()
    client.force_login(mo)
    return str(client.get("/organizations").content.decode())


def seated(name: str, where: Customer, *courses: Course) -> None:
    for one in courses:
        enrolled(name, one)
    Seat.objects.create(organization=where, learner=enrolled(name, course(f"own-{name}")).learner)


def test_a_manager_sees_the_learners_of_the_seats_in_what_was_bought() -> None:
    py, db = course("py"), course("db")
    acme = organization("acme", py)
    seated("Ada", acme, py, db)
    page = page_of(acme)

    assert "Ada" in page
    assert "Course py" in page
    assert "Course db" not in page
    assert "Course own-Ada" not in page


def test_a_subscription_to_everything_covers_every_course() -> None:
    py, acme = course("py"), organization("acme", None)
    seated("Ada", acme, py)

    assert "Course own-Ada" in page_of(acme)


def test_seats_of_other_organizations_are_not_shown() -> None:
    py = course("py")
    acme, other = organization("acme", py), organization("other", py)
    seated("Ada", acme, py)
    seated("Bodo", other, py)
    page = page_of(acme)

    assert "Bodo" not in page
    assert "Other" not in page


def test_learners_without_a_seat_are_not_shown() -> None:
    py = course("py")
    acme = organization("acme", py)
    enrolled("Bodo", py)

    assert "Nobody holds a seat yet." in page_of(acme)


def test_whoever_manages_none_sees_none() -> None:
    organization("acme")

    assert "You manage no organization." in page_of()


def test_a_seat_without_enrollments_says_so() -> None:
    acme = organization("acme")
    Seat.objects.create(organization=acme, learner=learner("Ada"))

    assert "Not enrolled in what the organization bought." in page_of(acme)


def test_more_learners_take_no_more_queries() -> None:
    py = course("py")
    acme = organization("acme", py)
    mo = account("Mo")
    OrganizationGrant.objects.create(user=mo, organization=acme)
    client, counts = Client(), []
    client.force_login(mo)
    for name in ("Ada", "Bodo", "Cleo"):
        seated(name, acme, py)
        with CaptureQueriesContext(connection) as asked:
            client.get("/organizations")
        counts.append(len(asked))

    assert counts[1] == counts[2] <= 10


def test_an_individual_has_no_seats_to_manage(client: Client) -> None:
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    buyer = Customer.objects.create(kind="learner", key="bo")
    bo = learner("Bodo")
    response = client.post(
        "/admin/business/seat/add/", {"organization": buyer.pk, "learner": bo.pk}
    )

    assert "Choose an organization." in response.content.decode()
    assert not Seat.objects.exists()


def test_whose_seats_were_seen_is_recorded() -> None:
    acme = organization("acme")
    page_of(acme)
    assert not AccessRecord.objects.exists()

    seated("Ada", acme)
    seated("Bodo", acme)
    client = Client()
    client.force_login(User.objects.get(email="mo@example.com"))
    client.get("/organizations")

    record = AccessRecord.objects.get()
    assert (record.who, record.about, record.count) == ("mo@example.com", "business.Seat", 2)


def manager_of(where: Customer) -> Client:
    mo = account("Mo")
    OrganizationGrant.objects.create(user=mo, organization=where)
    client = Client()
    client.force_login(mo)
    return client


def test_who_manages_seats_only_begins_with_their_learners() -> None:
    client = manager_of(organization("acme", course("py")))
    page = client.get("/", follow=True)

    assert page.redirect_chain[-1][0] == "/organizations"
    assert b'href="/organizations" aria-current="page"' in page.content
    assert b'href="/my-progress"' not in page.content


def test_who_learns_as_well_begins_with_their_progress() -> None:
    client = manager_of(organization("acme", course("py")))
    user = User.objects.get(name="Mo")
    Learner.objects.create(key="mo", user=user)
    page = client.get("/", follow=True)

    assert page.redirect_chain[-1][0] == "/my-progress"
    assert b'href="/organizations"' in page.content


def test_what_they_may_not_open_says_whom_to_ask() -> None:
    refused = manager_of(organization("acme", course("py"))).get("/kpi-dashboard")

    assert refused.status_code == 403
    assert "Ask the staff to grant you the course." in refused.content.decode()
