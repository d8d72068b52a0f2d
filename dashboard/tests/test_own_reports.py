"""The page of one's own reports by e-mail, and the list of all in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.people import account, course
from dashboard.models import ReportSubscription
from dashboard.reports import subscriptions
from dashboard.reports.subscriptions import NotVisible
from kpis.tests.measured import COMPLETION, staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]


@pytest.fixture
def bo() -> User:
    course("sql")
    return account("Bo", grants=(course("py"),))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_page_is_subscribed_with_its_filters_but_without_its_dates(bo: User) -> None:
    client = client_of(bo)
    offer = client.get("/reports?shown=outcome&course=py&from=2026-01-01&to=2026-02-01")
    client.post("/reports/new", {"shown": "outcome", "course": "py", "frequency": "monthly"})
    page = client.get("/reports").content.decode()

    assert 'name="course" value="py"' in offer.content.decode()
    assert 'name="from"' not in offer.content.decode()
    assert ReportSubscription.objects.get().query == "course=py"
    assert "/kpi-dashboard?tab=outcome&amp;course=py" in page


def test_a_weekly_report_is_of_weeks_unless_the_reader_chose(bo: User) -> None:
    weekly = subscriptions.subscribe(bo, "outcome", {}, "weekly")
    chosen = subscriptions.subscribe(bo, "outcome", {"period": "quarter"}, "weekly")

    assert (weekly.query, chosen.query) == ("period=week", "period=quarter")


def test_subscribing_twice_is_once(bo: User) -> None:
    first = subscriptions.subscribe(bo, COMPLETION, {}, "monthly")
    second = subscriptions.subscribe(bo, COMPLETION, {}, "monthly")

    assert first == second


def test_a_course_without_a_grant_is_not_offered(bo: User) -> None:
    form = {"shown": "outcome", "course": "sql", "frequency": "monthly"}
    response = client_of(bo).post("/reports/new", form)

    assert response.status_code == 400
    assert b"a course that you may see" in response.content
    with pytest.raises(NotVisible):
        subscriptions.subscribe(bo, "outcome", {"course": "sql"}, "monthly")
    assert not ReportSubscription.objects.exists()


@pytest.mark.parametrize("form", [{}, {"shown": "outcome"}, {"shown": "x", "frequency": "weekly"}])
def test_a_wrong_form_is_answered_with_a_sentence(bo: User, form: dict[str, str]) -> None:
    assert client_of(bo).post("/reports/new", form).status_code == 400


def test_readers_end_their_own_reports_only(bo: User) -> None:
    own = subscriptions.subscribe(bo, "outcome", {}, "monthly")
    other = account("Cleo", grants=(course("third"),))

    assert client_of(other).post(f"/reports/{own.pk}/end").status_code == 404
    client_of(bo).post(f"/reports/{own.pk}/end")
    own.refresh_from_db()

    assert own.ended == "reader"
    assert "You receive no reports" in client_of(bo).get("/reports").content.decode()


def test_staff_end_reports_in_the_admin(bo: User) -> None:
    own = subscriptions.subscribe(bo, "outcome", {}, "monthly")
    ada = client_of(staff())
    page = ada.get("/admin/dashboard/reportsubscription/").content.decode()
    form = {"action": "end", "_selected_action": [own.pk]}
    ada.post("/admin/dashboard/reportsubscription/", form)
    own.refresh_from_db()

    assert "Bo" in page
    assert own.ended == "staff"


def test_the_link_on_a_page_leads_to_its_report(bo: User) -> None:
    page = client_of(bo).get(f"/kpi-dashboard/{COMPLETION}?course=py").content.decode()

    assert f"/reports?course=py&amp;shown={COMPLETION}" in page
