"""The route of the trajectory: four closed months, the open month and its projection."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.tests.people import account, course
from core import reporting_clock
from curriculum.models import Course
from kpis.definitions.periods import latest
from kpis.tests.measured import measured

pytestmark = pytest.mark.django_db

ROUTE = "/api/kpi/business/trajectory"
ENROLLMENT, RETENTION = "business.enrollment", "business.retention"


def months() -> list[str]:
    """The last four closed months and the open one."""
    return [
        one.label
        for one in latest(5, "month", reporting_clock.reporting_zone(), now=timezone.now())
    ]


def store(kpi: str, *figures: tuple[float, int], of: Course | None = None) -> None:
    """Store total and number of the first months."""
    for month, (total, n) in zip(months(), figures, strict=False):
        measured(kpi, month, total, n, of=of)


def reader(*scopes: str, courses: tuple[Course, ...] = ()) -> Client:
    _, secret = create_api_key("reader", ["kpis:read", *scopes], courses=courses)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def line(client: Client, kpi: str, query: str = "") -> dict[str, Any]:
    body = client.get(ROUTE + query).json()
    return next(one for one in body["kpis"] if one["kpi"] == kpi)


def test_the_trajectory_has_three_lines_of_five_months() -> None:
    store(ENROLLMENT, (100, 100), (120, 120), (130, 130), (150, 150), (40, 40))
    client = reader("kpis:small-groups")
    body = client.get(ROUTE).json()
    enrollment = line(client, ENROLLMENT)

    assert [one["kpi"] for one in body["kpis"]] == [ENROLLMENT, RETENTION, "business.referral"]
    assert [one["value"] for one in enrollment["series"]] == [100, 120, 130, 150, 40]
    assert enrollment["series"][-1]["status"] == "provisional"


def test_the_projection_is_fitted_to_the_closed_months() -> None:
    store(ENROLLMENT, (100, 100), (120, 120), (130, 130), (150, 150), (40, 40))
    found = line(reader("kpis:small-groups"), ENROLLMENT)["projection"]

    assert found == {
        "value": 165.0,
        # of the square roots of 100, 120, 130 and 150 the mean is 11.151: 1.96 × 11.151 × √2.5
        "low": pytest.approx(130.4435, abs=1e-3),
        "high": pytest.approx(199.5565, abs=1e-3),
        "confidence": 0.95,
        "points": 4,
    }


def test_months_on_a_line_still_have_a_projection_interval() -> None:
    store(ENROLLMENT, *((count, count) for count in (100, 110, 120, 130)))
    store(RETENTION, *((share, 100) for share in (60, 65, 70, 75)))
    client = reader("kpis:small-groups")

    for kpi in (ENROLLMENT, RETENTION):
        found = line(client, kpi)["projection"]
        assert found["low"] < found["value"] < found["high"]


def test_projected_shares_are_percentages_of_at_most_100() -> None:
    store(RETENTION, (70, 100), (80, 100), (90, 100), (99, 100))
    found = line(reader("kpis:small-groups"), RETENTION)["projection"]

    # mean 84.75, slope 9.7: 84.75 + 2.5 × 9.7 = 109, limited to 100
    assert (found["value"], found["high"]) == (100.0, 100.0)


def test_three_closed_months_are_too_few_for_a_projection() -> None:
    store(RETENTION, (0, 0), (80, 100), (90, 100), (99, 100), (99, 100))
    found = line(reader("kpis:small-groups"), RETENTION)

    assert found["series"][0]["status"] == "no_data"
    assert found["projection"] is None


def test_a_suppressed_month_gives_no_projection() -> None:
    made = course("py")
    figures = (50, 60), (50, 60), (4, 5), (50, 60)
    store(RETENTION, *figures, of=made)
    hidden = line(reader(), RETENTION, "?course=py")

    assert "suppressed" in [one["status"] for one in hidden["series"]]
    assert hidden["projection"] is None


def test_a_course_without_a_grant_is_unknown() -> None:
    mine = course("py")
    course("sql")
    client = reader(courses=(mine,))

    assert client.get(f"{ROUTE}?course=py").status_code == 200
    assert client.get(f"{ROUTE}?course=sql").status_code == 400


def test_an_unknown_query_parameter_is_rejected() -> None:
    answer = reader().get(f"{ROUTE}?period=day")

    assert (answer.status_code, answer.json()["field"]) == (400, "period")


def test_learners_may_not_read_the_trajectory() -> None:
    client = Client()
    client.force_login(account("Cleo"))

    assert client.get(ROUTE).status_code == 403
    assert Client().get(ROUTE).status_code == 401
