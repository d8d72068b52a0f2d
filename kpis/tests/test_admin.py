from __future__ import annotations

from datetime import date
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from accounts.tests.people import account, course, moment
from curriculum.models import Course
from kpis.models import DataFreshness, Measurement, RecomputeRun, Restatement, StaleDay, Target
from kpis.query.targets import set_target
from kpis.tests.stale import marks

pytestmark = pytest.mark.django_db

KPI = "engagement.completion-rate"


def messages_of(answer: HttpResponse) -> str:
    """Return the messages that the visitor sees next."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))  # type: ignore[attr-defined]


def measured(made: Course | None = None, start: str = "2026-10-01") -> Measurement:
    """Make October's completion rate of a course, or of the site: 3 of 4."""
    return Measurement.objects.create(
        kpi=KPI,
        scope="course" if made else "site",
        scope_id=made.pk if made else 0,
        course=made,
        period_kind="month",
        period_start=date.fromisoformat(start),
        n=4,
        total=3,
        weight=4,
        learners=4,
        definition_version=1,
        computed_at=timezone.now(),
    )


# Targets


@pytest.fixture
def target() -> Target:
    return Target.objects.get(kpi=KPI, course=None)


def edited(client: Client, target: Target, value: str, valid_from: str) -> HttpResponse:
    data = {"value": value, "valid_from": valid_from, "note": "Raised."}
    return client.post(f"/admin/kpis/target/{target.pk}/change/", data)  # type: ignore[return-value]


def test_editing_a_target_makes_its_next_version(
    admin_client: Client, admin_user: User, target: Target
) -> None:
    edited(admin_client, target, "90", "2099-01-01")
    old, new = Target.objects.filter(kpi=KPI).order_by("version")

    assert (old.pk, old.value, old.valid_from) == (target.pk, Decimal(85), None)
    assert (new.value, new.valid_from, new.note) == (Decimal(90), date(2099, 1, 1), "Raised.")
    assert new.set_by == admin_user


def test_a_target_outside_its_unit_is_rejected(admin_client: Client, target: Target) -> None:
    answer = edited(admin_client, target, "101", "2026-11-22")

    assert "must be from 0% to 100%, not 101%." in answer.content.decode()
    assert Target.objects.filter(kpi=KPI).count() == 1


def test_a_backdated_target_names_the_months_compared_with_it(
    admin_client: Client, target: Target
) -> None:
    with patch("kpis.query.targets.today", return_value=date(2026, 11, 22)):
        message = messages_of(edited(admin_client, target, "90", "2026-09-10"))

    assert "starts in the past" in message
    assert "September 2026, October 2026." in message


def test_a_target_that_starts_today_causes_no_warning(admin_client: Client, target: Target) -> None:
    with patch("kpis.query.targets.today", return_value=date(2026, 11, 22)):
        assert "past" not in messages_of(edited(admin_client, target, "90", "2026-11-22"))


def test_a_target_is_edited_in_the_list_from_today_on(admin_client: Client, target: Target) -> None:
    rows = Target.objects.order_by("kpi")
    data = {"_save": "Save", "form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows)}
    for at, row in enumerate(rows):
        data |= {f"form-{at}-id": row.pk, f"form-{at}-value": 91 if row == target else row.value}
    with patch("kpis.query.targets.today", return_value=date(2026, 11, 22)):
        admin_client.post("/admin/kpis/target/", data)
    new = Target.objects.get(kpi=KPI, version=2)

    assert (new.value, new.valid_from) == (Decimal(91), date(2026, 11, 22))
    assert Target.objects.filter(version=2).count() == 1


def test_a_target_outside_its_unit_is_rejected_in_the_list(
    admin_client: Client, target: Target
) -> None:
    data = {"_save": "Save", "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1}
    data |= {"form-0-id": target.pk, "form-0-value": -1}
    answer = admin_client.post(f"/admin/kpis/target/?kpi={KPI}", data)

    assert "from 0% to 100%, not -1%." in answer.content.decode()
    assert Target.objects.filter(kpi=KPI).count() == 1


def test_a_course_is_given_its_own_target(admin_client: Client) -> None:
    python = course("py")
    data = {"kpi": KPI, "course": python.pk, "value": "70", "valid_from": "2026-11-01"}
    admin_client.post("/admin/kpis/target/add/", data)
    own = Target.objects.get(course=python)

    assert (own.kpi, own.version, own.value) == (KPI, 1, Decimal(70))


def test_the_list_shows_targets_in_effect_and_links_to_past_ones(
    admin_client: Client, target: Target
) -> None:
    set_target(KPI, Decimal(91), valid_from=date(2026, 1, 1))
    set_target(KPI, Decimal(99), valid_from=date(2099, 1, 1))

    def shown(query: str) -> list[int]:
        answer = admin_client.get(f"/admin/kpis/target/?kpi={KPI}{query}")
        return [row.version for row in answer.context["cl"].result_list]

    assert shown("") == [2]
    assert shown("&version=coming") == [3]
    assert shown("&version=all") == [3, 2, 1]


def test_the_page_of_a_target_shows_its_history(admin_client: Client, target: Target) -> None:
    new = set_target(KPI, Decimal(91), valid_from=date(2026, 1, 1), note="New year.")
    page = admin_client.get(f"/admin/kpis/target/{new.pk}/change/").content.decode()

    assert "New year." in page
    assert "Default target of the KPI." in page
    assert f"/kpi-dashboard/{KPI}" in page


def test_no_version_is_ever_deleted(admin_client: Client, target: Target) -> None:
    path = f"/admin/kpis/target/{target.pk}/delete/"

    assert admin_client.post(path, {"post": "yes"}).status_code == 403


# Measurements and the log


def test_a_measurement_is_read_only(admin_client: Client) -> None:
    row = measured(course())
    page = admin_client.get(f"/admin/kpis/measurement/{row.pk}/change/").content.decode()

    assert "75.0%" in page
    assert "2026-10" in page
    assert f"/kpi-dashboard/{KPI}" in page
    assert 'name="_save"' not in page


def test_the_page_of_a_measurement_shows_its_earlier_values(admin_client: Client) -> None:
    row = measured(course())
    Restatement.objects.create(
        measurement=row,
        n=4,
        total=1,
        weight=4,
        learners=4,
        computed_at=moment("2026-11-05"),
        restated_at=moment("2026-11-10"),
    )

    page = admin_client.get(f"/admin/kpis/measurement/{row.pk}/change/").content.decode()
    assert "25.0%" in page


@pytest.mark.parametrize(
    ("kpi", "total", "shown"),
    [("business.enrollment", 200, "200"), ("business.revenue", 4_875_000, "$48,750")],
)
def test_a_total_is_shown_undivided(admin_client: Client, kpi: str, total: int, shown: str) -> None:
    row = measured()
    Measurement.objects.update(kpi=kpi, n=190, weight=190, total=total)
    sums = {"n": 190, "total": total, "weight": 190, "learners": 180}
    at = {"computed_at": moment("2026-11-05"), "restated_at": moment("2026-11-10")}
    Restatement.objects.create(measurement=row, **sums, **at)

    page = admin_client.get(f"/admin/kpis/measurement/{row.pk}/change/").content.decode()
    # the value and its earlier value
    assert page.count(f">{shown}<") == 2


def test_a_button_recomputes_a_measurement(admin_client: Client) -> None:
    made = course()
    row = measured(made)
    answer = admin_client.post(f"/admin/kpis/measurement/{row.pk}/measure-again/")

    # the days of October
    days = StaleDay.objects.values_list("key", "course", "first", "last")
    october = date(2026, 10, 1), date(2026, 10, 31)
    assert set(days) == {("engagement.completion-rate", made.pk, *october)}
    assert "31 days of courses will be recomputed." in messages_of(answer)  # type: ignore[arg-type]


def test_recomputing_sends_the_task(
    admin_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    row = measured(course())
    with (
        patch("core.task_queue.current_app.send_task") as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        admin_client.post(f"/admin/kpis/measurement/{row.pk}/measure-again/")

    assert sent.call_args.args == ("kpis.tasks.recompute",)


def test_the_site_is_recomputed_through_every_course(admin_client: Client) -> None:
    course("py"), course("sql")
    row = measured(None)
    data = {"action": "recompute_selected", "_selected_action": row.pk, "confirmed": "yes"}
    admin_client.post("/admin/kpis/measurement/", data)

    assert {course for _, course, _ in marks()} == {"py", "sql", None}
    assert len(marks(course__isnull=False)) == 2 * 31


def test_a_get_request_recomputes_nothing(admin_client: Client) -> None:
    row = measured(course())

    path = f"/admin/kpis/measurement/{row.pk}/measure-again/"
    assert admin_client.get(path).status_code == 302
    assert not RecomputeRun.objects.exists()


@pytest.mark.parametrize("permitted", [(), ("view_measurement",)])
def test_recomputing_requires_the_change_permission(
    client: Client, permitted: tuple[str, ...]
) -> None:
    row = measured(course())
    signed_in(client, *permitted)

    path = f"/admin/kpis/measurement/{row.pk}/measure-again/"
    assert client.post(path).status_code == 403
    assert not StaleDay.objects.exists()


@pytest.mark.parametrize("name", ["measurement", "restatement"])
def test_stored_figures_require_the_small_groups_permission(client: Client, name: str) -> None:
    bo = account("Bo", is_staff=True)
    client.force_login(bo)
    permits(bo, f"view_{name}")
    assert client.get(f"/admin/kpis/{name}/").status_code == 403

    permits(bo, "view_small_groups")
    assert client.get(f"/admin/kpis/{name}/").status_code == 200


def permits(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def fill(key: str) -> None:
    made = course(key)
    for month in range(1, 6):
        row = measured(made, f"2026-{month:02}-01")
        sums = {"n": 4, "total": 1, "weight": 4, "learners": 4}
        at = moment("2026-11-05")
        Restatement.objects.create(measurement=row, **sums, computed_at=at, restated_at=at)
        StaleDay.objects.create(
            key="engagement.completion-rate",
            course=made,
            first=row.period_start,
            last=row.period_start,
        )
    set_target(KPI, Decimal(70), course=made, by=account(f"Setter-{key}"))
    now = timezone.now()
    DataFreshness.objects.create(
        category="engagement", course=made, data_through=now, received_at=now
    )
    RecomputeRun.objects.create(as_of=now)


@pytest.mark.parametrize(
    "name", ["datafreshness", "measurement", "recomputerun", "restatement", "staleday", "target"]
)
def test_a_list_makes_as_many_queries_for_many_rows_as_for_few(
    admin_client: Client, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(f"/admin/kpis/{name}/").status_code == 200
        return len(asked)

    fill("py")
    few = queries()
    fill("sql")
    fill("ml")

    assert queries() == few
    assert few <= 14
