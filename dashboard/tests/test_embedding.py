"""Links that show a KPI or a dashboard on another site: to whom, how long, and what they hide."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client, override_settings

from accounts.models import CourseGrant, RunGrant, User
from curriculum.models import Course, CourseRun
from dashboard.embedding import links
from dashboard.models import EmbedLink
from kpis.tests.measured import COMPLETION, NOW, course, fed, manager, measured, staff, stranger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]


def link(by: User, of: Course | None = None, shown: str = COMPLETION, days: int = 90) -> EmbedLink:
    return links.make("Intranet", shown, course=of, period="month", days=days, by=by)


def path_of(one: EmbedLink) -> str:
    return links.url_of(one).removeprefix("http://localhost:5000")


def shown(one: EmbedLink, client: Client | None = None) -> Any:
    return (client or Client()).get(path_of(one))


def value(response: Any) -> str:
    found = re.search(r'<p class="value">([^<]*)</p>', response.content.decode())
    assert found
    return found[1]


@pytest.fixture
def py() -> Course:
    made = course("py", "loops")
    measured(COMPLETION, "2026-06", 80, 100, of=made)
    fed(made)
    return made


def test_a_stranger_with_the_link_sees_the_figure(py: Course) -> None:
    response = shown(link(staff(), py))

    assert response.status_code == 200
    assert value(response) == "80.0%"


def test_a_dashboard_is_shown_without_links_to_pages(py: Course) -> None:
    text = shown(link(staff(), py, "engagement")).content.decode()

    assert "Completion rate" in text
    assert not re.findall(r'<a (?!class="skip")[^>]*>', text)


def test_a_small_group_is_hidden_even_if_the_maker_may_see_it() -> None:
    small = course("py")
    measured(COMPLETION, "2026-06", 4, 5, of=small)
    fed(small)
    response = shown(link(staff(), small))

    assert value(response) != "80.0%"
    assert "80" not in re.sub(r"<[^>]+>", "", response.content.decode())


def test_nothing_in_the_address_changes_what_is_shown(py: Course) -> None:
    other = course("sql")
    measured(COMPLETION, "2026-06", 20, 100, of=other)
    one = link(staff(), py)

    assert value(Client().get(f"{path_of(one)}?course=sql&period=day")) == "80.0%"


def test_a_session_makes_no_difference(py: Course) -> None:
    one, signed_in = link(staff(), py), Client()
    signed_in.force_login(stranger())
    mine, theirs = shown(one, signed_in), shown(one)

    assert mine.content == theirs.content
    assert b"cleo" not in mine.content.lower()
    assert not theirs.cookies


# of one run


@pytest.fixture
def spring(py: Course) -> CourseRun:
    made = CourseRun.objects.get_or_create(
        course=py, key="spring", defaults={"title": "Spring", "starts_on": date(2026, 1, 1)}
    )[0]
    row = measured(COMPLETION, "2026-06", 30, 40)
    row.scope, row.scope_id, row.course = "run", made.pk, py
    row.save()
    return made


def run_link(by: User, run: CourseRun, shown: str = COMPLETION) -> EmbedLink:
    return links.make("x", shown, course=None, run=run, period="month", days=9, by=by)


def test_a_link_shows_a_single_run(spring: CourseRun) -> None:
    one = run_link(staff(), spring)

    assert one.course == spring.course
    assert value(shown(one)) == "75.0%"
    assert "Spring" in shown(one).content.decode()


def test_whoever_sees_one_run_embeds_that_run_only(spring: CourseRun, client: Client) -> None:
    bo = manager()
    RunGrant.objects.create(user=bo, run=spring)
    client.force_login(bo)
    given = {"name": "x", "shown": COMPLETION, "course": "", "period": "month", "days": 30}
    refused = client.post("/embedding/new", given)
    client.post("/embedding/new", given | {"run": spring.pk})
    one = EmbedLink.objects.get()

    assert "Choose a run: you may see single runs only." in refused.content.decode()
    assert value(shown(one)) == "75.0%"
    RunGrant.objects.all().delete()
    assert shown(one).status_code == 410


def test_a_run_of_another_course_or_a_kpi_without_runs_is_refused(
    spring: CourseRun, client: Client
) -> None:
    course("sql")
    client.force_login(staff())
    given = {"name": "x", "shown": COMPLETION, "run": spring.pk, "period": "month", "days": 30}
    other = client.post("/embedding/new", given | {"course": "sql"}).content.decode()
    revenue = client.post("/embedding/new", given | {"shown": "business.revenue"})

    assert "This run is of another course" in other
    assert "This KPI is not measured by run." in revenue.content.decode()
    assert not EmbedLink.objects.exists()


# when it ends


@pytest.mark.parametrize("token", ["forged", "MQ:1tXyZ:abc", "x" * 3_000])
def test_a_forged_link_shows_nothing(py: Course, token: str) -> None:
    link(staff(), py)

    assert Client().get(f"/embed/{token}").status_code == 404


def test_a_signature_for_something_else_opens_nothing(py: Course) -> None:
    token = signing.dumps(link(staff(), py).pk)

    assert Client().get(f"/embed/{token}").status_code == 404


def test_a_tampered_link_shows_nothing(py: Course) -> None:
    path = path_of(link(staff(), py))

    assert Client().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404


def test_a_withdrawn_link_ends_at_once(py: Course) -> None:
    ada = staff()
    one = link(ada, py)
    shown(one)
    links.withdraw(one, by=ada)

    assert shown(one).status_code == 410


def test_a_link_ends_after_its_last_day(py: Course) -> None:
    one = link(staff(), py, days=1)
    one.refresh_from_db()

    assert one.expires_at.isoformat() == "2026-07-12T00:00:00+00:00"
    EmbedLink.objects.update(expires_at=NOW - timedelta(seconds=1))
    assert shown(one).status_code == 410


def test_a_link_ends_when_its_maker_loses_the_course(py: Course) -> None:
    one = link(manager(py), py)
    before = shown(one).status_code
    CourseGrant.objects.all().delete()

    assert (before, shown(one).status_code) == (200, 410)


def test_a_link_ends_when_its_makers_account_is_closed(py: Course) -> None:
    one = link(manager(py), py)
    User.objects.update(is_active=False)

    assert shown(one).status_code == 410


def test_all_courses_are_those_of_the_maker(py: Course) -> None:
    other = course("sql")
    measured(COMPLETION, "2026-06", 20, 100, of=other)
    measured(COMPLETION, "2026-06", 100, 200)

    assert value(shown(link(manager(py)))) == "80.0%"
    assert value(shown(link(staff()))) == "50.0%"


# in which frames


def policy(response: Any) -> str:
    (found,) = re.findall(r"frame-ancestors [^;]*", response["Content-Security-Policy"])
    return str(found)


def test_no_site_may_show_it_by_default(py: Course) -> None:
    response = shown(link(staff(), py))

    assert policy(response) == "frame-ancestors 'none'"
    assert response["X-Frame-Options"] == "DENY"


@override_settings(KPI_EMBED_ORIGINS=["https://intranet.example.org"])
def test_the_sites_of_the_setting_may_show_it(py: Course) -> None:
    response = shown(link(staff(), py))

    assert policy(response) == "frame-ancestors https://intranet.example.org"
    assert "X-Frame-Options" not in response
    assert response["Referrer-Policy"] == "no-referrer"
    assert policy(Client().get("/sign-in")) == "frame-ancestors 'none'"


# the page that makes and ends them


def test_a_manager_makes_and_withdraws_a_link(py: Course, client: Client) -> None:
    bo = manager(py)
    client.force_login(bo)
    given = {"name": "Intranet", "shown": COMPLETION, "course": "py", "period": "month", "days": 30}
    client.post("/embedding/new", given)
    one = EmbedLink.objects.get()
    page = client.get("/embedding").content.decode()
    client.post(f"/embedding/{one.pk}/withdraw")
    one.refresh_from_db()

    assert links.url_of(one) in page
    assert (one.made_by, one.course, one.withdrawn_by) == (bo, py, bo)
    assert shown(one).status_code == 410


@pytest.mark.parametrize(
    "wrong",
    [{"course": "sql"}, {"shown": "nothing"}, {"days": 0}, {"days": 9999}, {"name": ""}],
)
def test_a_wrong_form_makes_no_link(py: Course, client: Client, wrong: dict[str, Any]) -> None:
    course("sql")
    client.force_login(manager(py))
    given = {"name": "x", "shown": COMPLETION, "course": "py", "period": "month", "days": 30}

    assert client.post("/embedding/new", given | wrong).status_code == 400
    assert not EmbedLink.objects.exists()


def test_nobody_withdraws_the_links_of_others_here(py: Course, client: Client) -> None:
    one = link(staff(), py)
    client.force_login(manager(py))

    assert client.post(f"/embedding/{one.pk}/withdraw").status_code == 404
    assert shown(one).status_code == 200


def test_staff_withdraw_links_in_the_admin(py: Course, client: Client) -> None:
    ada = staff()
    one = link(manager(py), py)
    client.force_login(ada)
    chosen = {"action": "withdraw", "_selected_action": [one.pk]}
    client.post("/admin/dashboard/embedlink/", chosen)
    one.refresh_from_db()

    assert one.withdrawn_by == ada
